import assert from "node:assert/strict";
import { test } from "node:test";
import { RemoteError } from "../../src/git/remote-error.ts";
import { Fetch, Tree } from "../../src/schema/tree.ts";
import { gate, HEAD, MAIN, NEW_HEAD, readyTree, startReadyService, startTestService, type TestService, until, VENDOR } from "./support.ts";

const put = (service: TestService, id: string, payload: object) => service.app.inject({ method: "PUT", url: `/v1/trees/${id}`, payload });
const read = async (service: TestService, id: string) => Tree.parse((await service.app.inject(`/v1/trees/${id}`)).json());
const reached = (service: TestService, id: string, state: string) =>
  until(
    () => read(service, id),
    (tree) => tree.state === state,
  );

test("PUT answers at once with a queued tree, which goes through its states and becomes ready", async (t) => {
  const service = await startTestService(t);
  const slow = gate();
  service.mirror.gate = slow.promise;
  const response = await put(service, "main", MAIN);
  assert.equal(response.statusCode, 201);
  assert.equal(response.headers.location, "/v1/trees/main");
  const created = Tree.parse(response.json());
  assert.deepEqual(
    [created.id, created.kind, created.url, created.state, created.headOid],
    ["main", "tree", "/v1/trees/main", "queued", null],
  );
  assert.equal((await reached(service, "main", "cloning")).headOid, null);
  slow.open();
  const ready = await reached(service, "main", "ready");
  assert.equal(ready.headOid, HEAD);
  assert.equal(ready.progress, null);
  assert.ok(ready.fetchedAt !== null);
});

test("the same PUT again is 200 and does nothing; another ref clones anew; another role too", async (t) => {
  const service = await startReadyService(t);
  const before = await read(service, "main");
  const again = await put(service, "main", MAIN);
  assert.equal(again.statusCode, 200);
  assert.deepEqual(again.json(), before);
  assert.equal(service.mirror.fetched.filter((id) => id === "main").length, 1);
  service.mirror.head = NEW_HEAD;
  const changed = await put(service, "main", { ...MAIN, ref: "next" });
  assert.equal(changed.statusCode, 200);
  assert.equal(changed.json().headOid, null);
  assert.equal((await reached(service, "main", "ready")).headOid, NEW_HEAD);
  assert.equal((await put(service, "main", { ...MAIN, ref: "next", role: "stable" })).json().role, "stable");
  await reached(service, "main", "ready");
  assert.equal(service.mirror.fetched.filter((id) => id === "main").length, 3);
});

test("a PUT that changes the tree while it is being cloned ends the old clone and does the new one", async (t) => {
  const service = await startTestService(t);
  service.mirror.gate = gate().promise;
  await put(service, "main", MAIN);
  await reached(service, "main", "cloning");
  service.mirror.gate = null;
  await put(service, "main", { ...MAIN, ref: "other" });
  const ready = await reached(service, "main", "ready");
  assert.equal(ready.ref, "other");
  assert.deepEqual(service.mirror.fetched, ["main"]);
});

test("of many changes at once one wins, and its clone is the one that is kept", async (t) => {
  const service = await startTestService(t);
  const refs = Array.from({ length: 20 }, (_, number) => `ref-${number}`);
  await Promise.all(refs.map((ref) => put(service, "main", { ...MAIN, ref })));
  const ready = await reached(service, "main", "ready");
  const again = await put(service, "main", { ...MAIN, ref: ready.ref });
  assert.equal(again.json().state, "ready");
});

test("credentials in a remote reach git and nobody else", async (t) => {
  const service = await startTestService(t);
  const remote = "https://bot:s3cret@git.example.org/linux.git";
  let given = "";
  service.mirror.checkRemote = async (address) => {
    given = address;
    return { oid: HEAD, fullRef: "refs/heads/master" };
  };
  const response = await put(service, "main", { ...MAIN, remote });
  assert.equal(response.json().remote, "https://git.example.org/linux.git");
  await reached(service, "main", "ready");
  assert.equal(given, remote);
  assert.equal((await put(service, "main", { ...MAIN, remote })).json().state, "ready");
  assert.doesNotMatch(service.logged(), /s3cret/);
});

test("a remote that cannot be cloned makes the tree failed with the reason, and analyses say so", async (t) => {
  const service = await startTestService(t);
  service.mirror.failure = new RemoteError("ref-not-found", "the remote has no refs/heads/master");
  await put(service, "main", MAIN);
  const failed = await reached(service, "main", "failed");
  assert.equal(failed.problem?.code, "ref-not-found");
  assert.match(failed.problem?.detail ?? "", /refs\/heads\/master/);
  const response = await service.app.inject({ method: "POST", url: "/v1/analyses", payload: { target: "main", crash: "x" } });
  assert.equal(response.statusCode, 409);
  assert.equal(response.json().code, "tree-not-ready");
  assert.match(response.json().detail, /failed.*refs\/heads\/master/);
  service.mirror.failure = null;
  await service.app.inject({ method: "POST", url: "/v1/trees/main/fetches" });
  const ready = await reached(service, "main", "ready");
  assert.equal(ready.problem, null);
});

test("the same PUT of a failed tree tries again", async (t) => {
  const service = await startTestService(t);
  service.mirror.failure = new RemoteError("remote-unreachable", "no route");
  await put(service, "main", MAIN);
  await reached(service, "main", "failed");
  service.mirror.failure = null;
  assert.equal((await put(service, "main", MAIN)).json().state, "queued");
  await reached(service, "main", "ready");
});

test("a tree that is still cloning cannot be analysed, and the answer says its state", async (t) => {
  const service = await startTestService(t);
  service.mirror.gate = gate().promise;
  await put(service, "vendor", VENDOR);
  await reached(service, "vendor", "cloning");
  const response = await service.app.inject({ method: "POST", url: "/v1/analyses", payload: { target: "vendor", crash: "x" } });
  assert.equal(response.json().code, "tree-not-ready");
  assert.match(response.json().detail, /cloning/);
  assert.equal(response.headers["retry-after"], "5");
});

const fetchUrl = async (service: TestService) => {
  const response = await service.app.inject({
    method: "POST",
    url: "/v1/trees/main/fetches",
    headers: { "content-type": "application/json" },
  });
  assert.equal(response.statusCode, 202);
  return String(response.headers.location);
};
const fetched = (service: TestService, url: string) =>
  until(
    async () => Fetch.parse((await service.app.inject(url)).json()),
    (fetch) => fetch.status === "completed",
  );

test("a fetch moves the head and tells both ends", async (t) => {
  const service = await startReadyService(t);
  service.mirror.head = NEW_HEAD;
  const done = await fetched(service, await fetchUrl(service));
  assert.deepEqual([done.conclusion, done.headBefore, done.headAfter], ["success", HEAD, NEW_HEAD]);
  assert.equal((await read(service, "main")).headOid, NEW_HEAD);
});

test("the fetches of a tree are listed, newest first, in pages", async (t) => {
  const service = await startReadyService(t);
  const urls: string[] = [];
  for (let number = 0; number < 3; number++) {
    const url = await fetchUrl(service);
    urls.unshift(url);
    await fetched(service, url);
  }
  const first = (await service.app.inject("/v1/trees/main/fetches?limit=2")).json();
  const second = (await service.app.inject(`/v1/trees/main/fetches?limit=2&cursor=${first.nextCursor}`)).json();
  assert.deepEqual(
    [...first.items, ...second.items].map((fetch) => fetch.url),
    urls,
  );
  assert.equal(second.nextCursor, null);
  assert.deepEqual((await service.app.inject("/v1/trees/vendor/fetches")).json().items, []);
});

test("a tree that was ready serves from its old head while a fetch runs and after it failed", async (t) => {
  const service = await startReadyService(t);
  const slow = gate();
  service.mirror.gate = slow.promise;
  const url = await fetchUrl(service);
  await until(
    () => read(service, "main"),
    (tree) => tree.progress?.stage === "receiving",
  );
  assert.equal((await read(service, "main")).state, "ready");
  service.workers.answers.index = async () => {
    throw Object.assign(new Error("full"), { code: "ENOSPC" });
  };
  slow.open();
  const done = await fetched(service, url);
  assert.deepEqual([done.conclusion, done.problem?.code], ["failure", "disk-full"]);
  const tree = await read(service, "main");
  assert.deepEqual([tree.state, tree.headOid, tree.problem?.code, tree.progress], ["ready", HEAD, "disk-full", null]);
});

test("a fetch that waits serves those who ask meanwhile; one that runs does not", async (t) => {
  const service = await startReadyService(t);
  const slow = gate();
  service.mirror.gate = slow.promise;
  const running = await fetchUrl(service);
  await until(
    () => read(service, "main"),
    (tree) => tree.progress?.stage === "receiving",
  );
  const waiting = await fetchUrl(service);
  assert.notEqual(waiting, running);
  assert.equal(await fetchUrl(service), waiting);
  slow.open();
  assert.equal((await fetched(service, waiting)).conclusion, "success");
});

test("a tree that is defined anew cancels the fetches that were asked of the old one", async (t) => {
  const service = await startReadyService(t);
  service.mirror.gate = gate().promise;
  const running = await fetchUrl(service);
  await until(
    () => read(service, "main"),
    (tree) => tree.progress?.stage === "receiving",
  );
  const waiting = await fetchUrl(service);
  service.mirror.gate = null;
  await put(service, "main", { ...MAIN, ref: "next" });
  for (const url of [running, waiting]) assert.equal((await fetched(service, url)).conclusion, "cancelled");
  assert.equal((await reached(service, "main", "ready")).ref, "next");
});

test("DELETE ends the clone and removes the tree with its refs", async (t) => {
  const service = await startTestService(t);
  service.mirror.gate = gate().promise;
  await put(service, "main", MAIN);
  await reached(service, "main", "cloning");
  const response = await service.app.inject({ method: "DELETE", url: "/v1/trees/main" });
  assert.equal(response.statusCode, 204);
  assert.equal(response.body, "");
  assert.equal((await service.app.inject("/v1/trees/main")).statusCode, 404);
  assert.deepEqual([...service.mirror.present.keys()], []);
});

test("DELETE and a new definition do not wait for the mirror, which is busy with another tree", async (t) => {
  const service = await startTestService(t);
  const busy = gate();
  const { mirror } = service;
  const fetch = mirror.fetch;
  // As in the real mirror: work waits for its turn without hearing its signal.
  mirror.fetch = async (request) => {
    await busy.promise;
    return fetch(request);
  };
  mirror.remove = async (id) => {
    await busy.promise;
    mirror.present.delete(id);
  };
  await put(service, "main", MAIN);
  await put(service, "vendor", VENDOR);
  await reached(service, "vendor", "cloning");
  assert.equal((await service.app.inject({ method: "DELETE", url: "/v1/trees/main" })).statusCode, 204);
  assert.equal((await put(service, "vendor", { ...VENDOR, ref: "v2" })).json().state, "queued");
  busy.open();
  assert.equal((await reached(service, "vendor", "ready")).ref, "v2");
});

test("the index is made of every tree in the mirror, with its role and newest head", async (t) => {
  const service = await startReadyService(t);
  const tasks = service.workers.ran.filter((task) => task.kind === "index");
  assert.deepEqual(tasks.at(-1)?.trees, [
    { id: "main", role: "mainline", headOid: HEAD },
    { id: "vendor", role: "vendor", headOid: HEAD },
  ]);
});

test("lists have pages in the order of ids", async (t) => {
  const service = await startTestService(t);
  for (const id of ["c", "a", "b"]) await readyTree(service, id, MAIN);
  const first = (await service.app.inject("/v1/trees?limit=2")).json();
  assert.deepEqual(
    first.items.map((tree: Tree) => tree.id),
    ["a", "b"],
  );
  const second = (await service.app.inject(`/v1/trees?limit=2&cursor=${first.nextCursor}`)).json();
  assert.deepEqual(
    second.items.map((tree: Tree) => tree.id),
    ["c"],
  );
  assert.equal(second.nextCursor, null);
});

test("the number of trees has a limit", async (t) => {
  const service = await startTestService(t, { limits: { maxTrees: 1 } });
  await readyTree(service, "a", MAIN);
  const response = await put(service, "b", MAIN);
  assert.equal(response.json().code, "too-many-trees");
  assert.equal((await put(service, "a", { ...MAIN, ref: "next" })).statusCode, 200);
});

test("a fetch that takes longer than the limit fails as timed out", async (t) => {
  const service = await startTestService(t, { limits: { fetchTimeout: 50 } });
  service.mirror.gate = gate().promise;
  await put(service, "main", MAIN);
  assert.equal((await reached(service, "main", "failed")).problem?.code, "job-timed-out");
});
