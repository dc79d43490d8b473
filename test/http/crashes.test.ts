import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readCrash } from "../../src/crash/read-crash.ts";
import { Crash, SignatureGroup } from "../../src/schema/crash.ts";
import { Signature } from "../../src/schema/signature.ts";
import {
  EMPTY_SIGNATURE,
  fakeWorkers,
  startTestService,
  type TestService,
  type TestServiceOptions,
  temporaryDirectory,
  until,
} from "./support.ts";

/** An oops in `first`, called from `second`; `when` makes another text of the same crash. */
const oops = (first: string, second: string, when = "12.5") => `[  ${when}] BUG: kernel NULL pointer dereference, address: 0000000000000018
[  ${when}] #PF: supervisor read access in kernel mode
[  ${when}] Oops: 0000 [#1] SMP PTI
[  ${when}] CPU: 3 PID: 77 Comm: kworker/3:1 Not tainted 5.10.0-7.example #1
[  ${when}] RIP: 0010:${first}+0x1c/0x90 [demo]
[  ${when}] Call Trace:
[  ${when}]  ${second}+0x44/0x120 [demo]
[  ${when}]  process_one_work+0x1b6/0x350
[  ${when}]  worker_thread+0x53/0x3e0
[  ${when}] ---[ end trace 0123456789abcdef ]---
`;
const WARNING = `------------[ cut here ]------------
WARNING: CPU: 1 PID: 9 at fs/demo/file.c:88 demo_release+0x20/0x60 [demo]
CPU: 1 PID: 9 Comm: cat Not tainted 5.10.0 #1
RIP: 0010:demo_release+0x20/0x60 [demo]
Call Trace:
 demo_close+0x11/0x40 [demo]
 __fput+0x8c/0x240
---[ end trace 0123456789abcdef ]---
`;

async function startReader(t: Parameters<typeof startTestService>[0], options: TestServiceOptions = {}): Promise<TestService> {
  const service = await startTestService(t, options);
  service.workers.answers["read-crash"] = async (task) => readCrash(task.text);
  return service;
}

const post = (service: TestService, url: string, payload: object) => service.app.inject({ method: "POST", url, payload });
const postText = (service: TestService, url: string, payload: string) =>
  service.app.inject({ method: "POST", url, payload, headers: { "content-type": "text/plain; charset=utf-8" } });
const keep = async (service: TestService, crash: string, more: object = {}) =>
  Crash.parse((await post(service, "/v1/crashes", { crash, ...more })).json());
const get = async (service: TestService, url: string) => (await service.app.inject(url)).json();

test("POST /v1/signatures reads a text, sent as JSON or as it is, and keeps nothing", async (t) => {
  const service = await startReader(t);
  const text = oops("demo_probe", "demo_work");
  const expected = readCrash(text);
  const json = await post(service, "/v1/signatures", { crash: text });
  assert.equal(json.statusCode, 200);
  assert.deepEqual(Signature.parse(json.json()), expected);
  assert.deepEqual((await postText(service, "/v1/signatures", text)).json(), json.json());
  assert.deepEqual([json.json().kind, json.json().frames[0].symbol], ["null_deref", "demo_probe"]);
  assert.deepEqual((await get(service, "/v1/crashes")).items, []);
});

test("a text that is no crash has a signature that says so, and is not kept", async (t) => {
  const service = await startReader(t);
  service.workers.answers["read-crash"] = async () => EMPTY_SIGNATURE;
  assert.equal((await postText(service, "/v1/signatures", "good morning")).json().kind, "unknown");
  const refused = await postText(service, "/v1/crashes", "good morning");
  assert.deepEqual([refused.statusCode, refused.json().code], [422, "crash-not-recognised"]);
  assert.deepEqual((await get(service, "/v1/crashes")).items, []);
});

test("a crash is kept with its text and signature; the same text is the same crash and is read once", async (t) => {
  const database = join(temporaryDirectory(t), "state.sqlite");
  const first = await startReader(t, { database });
  const text = `${oops("demo_probe", "demo_work")}\r\n\u0000 日本語`;
  const created = await post(first, "/v1/crashes", { crash: text, source: "host-7" });
  assert.equal(created.statusCode, 201);
  const crash = Crash.parse(created.json());
  assert.equal(created.headers.location, crash.url);
  assert.deepEqual([crash.source, crash.crashKind, crash.bytes], ["host-7", "null_deref", Buffer.byteLength(text)]);
  assert.deepEqual(crash.signature, readCrash(text));
  const again = await postText(first, "/v1/crashes", text);
  assert.deepEqual([again.statusCode, again.json()], [200, created.json()]);
  assert.equal(first.workers.ran.length, 1);
  await first.stop();

  const second = await startReader(t, { database });
  assert.deepEqual(await get(second, crash.url), created.json());
  const report = await second.app.inject({ url: crash.reportUrl, headers: { accept: "text/plain" } });
  assert.equal(report.headers["content-type"], "text/plain; charset=utf-8");
  assert.equal(report.headers["x-content-type-options"], "nosniff");
  assert.equal(report.body, text);
});

test("the same text sent many times at once is kept once", async (t) => {
  const service = await startReader(t);
  const answers = await Promise.all(Array.from({ length: 8 }, () => post(service, "/v1/crashes", { crash: WARNING })));
  assert.deepEqual(answers.map((answer) => answer.statusCode).sort(), [200, 200, 200, 200, 200, 200, 200, 201]);
  assert.equal((await get(service, "/v1/crashes")).items.length, 1);
});

test("texts are stored compressed", async (t) => {
  const service = await startReader(t);
  const crash = await keep(service, WARNING + "usb 1-1: new device\n".repeat(2000));
  const { text } = await service.jobs.db.selectFrom("crash_texts").select("text").where("id", "=", crash.id).executeTakeFirstOrThrow();
  assert.ok(text.length < crash.bytes / 10, `${text.length} of ${crash.bytes} bytes`);
});

test("crashes are grouped by their loose fingerprint, with count, first and last time", async (t) => {
  const service = await startReader(t);
  const one = await keep(service, oops("demo_probe", "demo_work"));
  const other = await keep(service, WARNING);
  const two = await keep(service, oops("demo_probe", "demo_work", "99.1"));
  assert.equal(one.fingerprint, two.fingerprint);
  const { items } = await get(service, "/v1/signatures");
  const group = items.find(({ id }: { id: string }) => id === one.fingerprint);
  assert.deepEqual(
    [group.count, group.firstSeen, group.lastSeen, group.title, group.crashKind],
    [2, one.createdAt, two.createdAt, two.title, "null_deref"],
  );
  assert.deepEqual(items.map(({ count }: { count: number }) => count).sort(), [1, 2]);
  assert.equal((await get(service, group.crashesUrl)).items.length, 2);
  const whole = SignatureGroup.parse(await get(service, two.signatureUrl));
  assert.deepEqual(whole.signature, two.signature);

  const ids = async (query: string) => (await get(service, `/v1/signatures?${query}`)).items.map(({ id }: { id: string }) => id);
  assert.deepEqual(await ids("kind=warning"), [other.fingerprint]);
  assert.deepEqual(await ids("kind=kasan"), []);
  assert.deepEqual((await ids("kind=warning&kind=null_deref")).sort(), [one.fingerprint, other.fingerprint].sort());
  assert.deepEqual(
    (await get(service, "/v1/crashes?kind=warning")).items.map(({ id }: { id: string }) => id),
    [other.id],
  );

  assert.equal((await service.app.inject({ method: "DELETE", url: two.url })).statusCode, 204);
  assert.equal((await get(service, two.signatureUrl)).count, 1);
  assert.equal((await service.app.inject({ url: two.reportUrl, headers: { accept: "text/plain" } })).statusCode, 404);
  await service.app.inject({ method: "DELETE", url: one.url });
  assert.equal((await get(service, one.signatureUrl)).code, "signature-not-found");
  assert.equal((await service.jobs.db.selectFrom("crash_texts").selectAll().execute()).length, 1);
});

test("what another version has read is read anew at the next start, so that all are grouped by the same rules", async (t) => {
  const database = join(temporaryDirectory(t), "state.sqlite");
  const first = await startReader(t, { database });
  const old = { ...EMPTY_SIGNATURE, title: "as once read", messages: [{ text: "x", template: "x" }] };
  first.workers.answers["read-crash"] = async () => old;
  const crash = await keep(first, WARNING);
  assert.equal(crash.title, "as once read");
  await first.stop();
  const same = await startReader(t, { database });
  assert.equal((await get(same, crash.url)).title, "as once read");
  await same.stop();
  assert.deepEqual(same.workers.ran, []);

  const workers = fakeWorkers();
  workers.answers["read-crash"] = async (task) => readCrash(task.text);
  const next = await startTestService(t, { database, workers, rulesVersion: "r2" });
  const read = readCrash(WARNING);
  const anew = await until(
    () => get(next, crash.url),
    ({ title }) => title === read.title,
  );
  assert.deepEqual([anew.signature, anew.createdAt], [read, crash.createdAt]);
  const groups = (await get(next, "/v1/signatures?kind=warning")).items;
  assert.deepEqual(
    groups.map(({ id }: { id: string }) => id),
    [read.fingerprint.loose],
  );
});

test("both lists have pages: everything once, newest first", async (t) => {
  const service = await startReader(t);
  const names = ["demo_a", "demo_b", "demo_c", "demo_d", "demo_e"];
  for (const name of names) await keep(service, oops(name, "demo_work"));
  for (const list of ["/v1/crashes", "/v1/signatures"]) {
    const titles: string[] = [];
    const times: string[] = [];
    let cursor = "";
    do {
      const page = await get(service, `${list}?limit=2${cursor}`);
      assert.ok(page.items.length <= 2);
      for (const item of page.items) {
        titles.push(item.title);
        times.push(item.lastSeen ?? item.createdAt);
      }
      cursor = page.nextCursor === null ? "" : `&cursor=${page.nextCursor}`;
    } while (cursor !== "");
    assert.equal(new Set(titles).size, 5, list);
    assert.equal(titles.length, 5, list);
    assert.deepEqual(times, [...times].sort().reverse(), list);
  }
});

test("the number of crashes has a limit; reading has none, and one that is known is still found", async (t) => {
  const service = await startReader(t, { limits: { maxCrashes: 1 } });
  await keep(service, WARNING);
  const refused = await post(service, "/v1/crashes", { crash: oops("demo_probe", "demo_work") });
  assert.deepEqual([refused.statusCode, refused.json().code], [409, "too-many-crashes"]);
  assert.equal((await post(service, "/v1/crashes", { crash: WARNING })).statusCode, 200);
  assert.equal((await post(service, "/v1/signatures", { crash: oops("demo_probe", "demo_work") })).statusCode, 200);
});

test("a text over the body limit is refused in either form", async (t) => {
  const service = await startReader(t, { bodyLimit: 2000 });
  const text = WARNING.repeat(20);
  for (const response of [await post(service, "/v1/crashes", { crash: text }), await postText(service, "/v1/signatures", text)]) {
    assert.deepEqual([response.statusCode, response.json().code], [413, "body-too-large"]);
  }
});

test("a crash that is removed while it is kept or shown is answered whole or with 404, never with an error of ours", async (t) => {
  const service = await startReader(t);
  const crash = oops("demo_probe", "demo_work");
  const { url } = await keep(service, crash);
  const wrong: string[] = [];
  const check = async (what: string, asked: Promise<{ statusCode: number }>, documented: readonly number[]) => {
    const { statusCode } = await asked;
    if (!documented.includes(statusCode)) wrong.push(`${what}: ${statusCode}`);
  };
  for (let round = 0; round < 40; round++) {
    const later = new Promise((resolve) => setTimeout(resolve, round % 4));
    await Promise.all([
      check("POST", post(service, "/v1/crashes", { crash }), [200, 201]),
      check("POST", post(service, "/v1/crashes", { crash }), [200, 201]),
      check(
        "GET",
        service.app.inject(url).then((answer) => answer),
        [200, 404],
      ),
      check(
        "GET text",
        service.app.inject(`${url}/report.txt`).then((answer) => answer),
        [200, 404],
      ),
      later.then(() =>
        check(
          "DELETE",
          service.app.inject({ method: "DELETE", url }).then((answer) => answer),
          [204, 404],
        ),
      ),
    ]);
  }
  assert.deepEqual(wrong, []);
});
