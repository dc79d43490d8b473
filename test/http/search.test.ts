import assert from "node:assert/strict";
import { test } from "node:test";
import { type SearchHit, SearchResults } from "../../src/schema/search.ts";
import { fakeMirror, gate, HEAD, MAIN, passed, readyTree, startReadyService, startTestService, type TestService } from "./support.ts";

const HIT: Omit<SearchHit, "url"> = {
  oid: HEAD,
  upstreamOid: HEAD,
  subject: "nfsd: prevent callback tasks\u001b[31m running\nconcurrently",
  author: "A <a@example.org>",
  date: "2025-03-10T12:00:00.000Z",
  score: 4,
  matched: ["subject"],
  presence: { state: "absent", route: null, by: null, because: "nothing found" },
};

const get = (service: TestService, query: string, headers: Record<string, string> = {}) =>
  service.app.inject({ url: `/v1/search?${query}`, headers });

async function serviceWithHit(t: Parameters<typeof startReadyService>[0]): Promise<TestService> {
  const service = await startReadyService(t);
  service.workers.answers.search = async () => ({ total: 9, hits: [HIT], next: { key: 3.5, num: 77 } });
  return service;
}

const taskOf = (service: TestService) => service.workers.ran.findLast((task) => task.kind === "search");

test("a search is a page of hits with urls, pins and a cursor that continues it", async (t) => {
  const service = await serviceWithHit(t);
  const response = await get(service, "q=nfsd4_run_cb%20callback&target=vendor&limit=1");
  assert.equal(response.statusCode, 200, response.body);
  const page = SearchResults.parse(response.json());
  assert.deepEqual([page.target.tree, page.upstreams.map(({ tree }) => tree)], ["vendor", ["main"]]);
  assert.deepEqual([page.terms, page.total], [["nfsd4_run_cb", "callback"], 9]);
  assert.equal(page.items[0]?.url, `/v1/trees/vendor/commits/${HEAD}`);
  const next = /^<([^>]+)>; rel="next"$/.exec(String(response.headers.link))?.[1] ?? "";
  assert.match(next, /limit=1/);
  await service.app.inject({ url: next });
  assert.deepEqual(taskOf(service)?.after, { key: 3.5, num: 77 });
});

test("filters reach the index as seconds, paths and trees", async (t) => {
  const service = await serviceWithHit(t);
  const query = "q=x1&target=vendor&tree=main&since=2025-03-10&until=2025-03-10&path=fs/nfsd&sort=newest";
  assert.equal((await get(service, query)).statusCode, 200);
  const task = taskOf(service);
  assert.deepEqual([task?.since, task?.until], [Date.UTC(2025, 2, 10) / 1000, Date.UTC(2025, 2, 11) / 1000 - 1]);
  assert.deepEqual([task?.path, task?.sort, task?.upstreams.map(({ tree }) => tree)], ["fs/nfsd", "newest", ["main"]]);
  await get(service, "q=x1&target=vendor&until=2025-03-10T01:00:00%2B01:00");
  assert.equal(taskOf(service)?.until, Date.UTC(2025, 2, 10) / 1000);
});

test("as text it is one line a commit, without control characters", async (t) => {
  const service = await serviceWithHit(t);
  const response = await get(service, "q=nfsd&target=vendor", { accept: "text/plain" });
  assert.match(String(response.headers["content-type"]), /^text\/plain/);
  assert.equal(response.body, "absent 2025-03-10 111111111111 nfsd: prevent callback tasks [31m running concurrently\n");
});

test("a bad query is a problem that names the parameter", async (t) => {
  const service = await serviceWithHit(t);
  const cursor = (await get(service, "q=a1&target=vendor")).json().nextCursor;
  const bad: readonly (readonly [query: string, pointer: string])[] = [
    ["target=vendor", "/q"],
    ["q=&target=vendor", "/q"],
    ["q=%22%20*%20()&target=vendor", "/q"],
    [`q=${Array.from({ length: 13 }, (_, at) => `w${at}`).join("%20")}&target=vendor`, "/q"],
    [`q=${"a".repeat(301)}&target=vendor`, "/q"],
    ["q=a%00b&target=vendor", "/q"],
    ["q=a1", "/target"],
    ["q=a1&target=vendor&since=yesterday", "/since"],
    ["q=a1&target=vendor&path=/etc/passwd", "/path"],
    ["q=a1&target=vendor&sort=oldest", "/sort"],
    ["q=a1&target=vendor&limit=1000", "/limit"],
    ["q=a1&target=vendor&cursor=abc", "/cursor"],
    [`q=a1&target=vendor&sort=newest&cursor=${cursor}`, "/cursor"],
    ["q=a1&target=vendor&colour=red", "/colour"],
    ["q=a1&target=vendor&tree=vendor", "/upstreams/0"],
  ];
  for (const [query, pointer] of bad) {
    const problem = (await get(service, query)).json();
    assert.deepEqual([problem.code, problem.errors?.[0]?.pointer], ["invalid-request", pointer], query);
  }
});

test("trees that are not there or not ready, no upstream, and a search that takes too long are problems", async (t) => {
  const slow = await startReadyService(t, { limits: { commitTimeout: 50 } });
  slow.workers.answers.search = async (_task, { signal }) => passed(gate().promise, signal);
  assert.equal((await get(slow, "q=a1&target=vendor")).json().code, "job-timed-out");
  assert.equal((await get(slow, "q=a1&target=nobody")).json().code, "tree-not-found");
  const mirror = fakeMirror();
  const lonely = await startTestService(t, { mirror });
  await readyTree(lonely, "vendor", { ...MAIN, role: "vendor" });
  assert.equal((await get(lonely, "q=a1&target=vendor")).json().code, "no-upstream");
  mirror.gate = gate().promise;
  await lonely.app.inject({ method: "PUT", url: "/v1/trees/later", payload: MAIN });
  assert.equal((await get(lonely, "q=a1&target=later")).json().code, "tree-not-ready");
});
