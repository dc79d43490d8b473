import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { PROBLEMS } from "../../src/problems.ts";
import { Problem } from "../../src/schema/problem.ts";
import { MAIN, startReadyService, startTestService } from "./support.ts";

const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");

test("docs/errors.md has one heading per code of the catalogue, in its order, with its status, and no other", () => {
  const documented = [...page.matchAll(/^## (\S+)\n\n(\d{3})\./gm)].map(([, code, status]) => `${code} ${status}`);
  const known = Object.entries(PROBLEMS).map(([code, { status }]) => `${code} ${status}`);
  assert.deepEqual(documented, known);
  assert.equal([...page.matchAll(/^## /gm)].length, known.length);
});

const JSON_TYPE = { "content-type": "application/json" };
const LONG = "a".repeat(70_000);

const CASES: readonly {
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "PATCH";
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly payload?: string | object;
  readonly code: keyof typeof PROBLEMS;
  readonly pointers?: readonly string[];
}[] = [
  { name: "unknown route", method: "GET", url: "/v1/nothing", code: "not-found" },
  { name: "unknown method", method: "PATCH", url: "/v1/trees/main", code: "not-found" },
  { name: "path outside /v1", method: "GET", url: "/admin", code: "not-found" },
  { name: "wrong percent encoding", method: "GET", url: "/v1/trees/%zz", code: "malformed-http" },
  { name: "tree id with a slash", method: "GET", url: "/v1/trees/..%2f..%2fetc", code: "invalid-request", pointers: ["/tree"] },
  { name: "unknown tree", method: "GET", url: "/v1/trees/nope", code: "tree-not-found" },
  { name: "unknown tree to remove", method: "DELETE", url: "/v1/trees/nope", code: "tree-not-found" },
  { name: "unknown tree to fetch", method: "POST", url: "/v1/trees/nope/fetches", code: "tree-not-found" },
  {
    name: "events of an unknown tree",
    method: "GET",
    url: "/v1/trees/nope/events",
    headers: { accept: "text/event-stream" },
    code: "tree-not-found",
  },
  { name: "unknown fetch", method: "GET", url: "/v1/trees/main/fetches/1", code: "fetch-not-found" },
  { name: "unknown analysis", method: "GET", url: "/v1/analyses/0123", code: "analysis-not-found" },
  { name: "unknown analysis to cancel", method: "DELETE", url: "/v1/analyses/0123", code: "analysis-not-found" },
  { name: "wait too long", method: "GET", url: "/v1/analyses/0123?wait=61", code: "invalid-request", pointers: ["/wait"] },
  { name: "wait is no number", method: "GET", url: "/v1/analyses/0123?wait=x", code: "invalid-request", pointers: ["/wait"] },
  { name: "mistyped query", method: "GET", url: "/v1/trees?limitt=1", code: "invalid-request", pointers: ["/limitt"] },
  { name: "limit out of range", method: "GET", url: "/v1/trees?limit=0", code: "invalid-request", pointers: ["/limit"] },
  { name: "cursor of nobody", method: "GET", url: "/v1/trees?cursor=eHg", code: "invalid-request", pointers: ["/cursor"] },
  { name: "short oid", method: "GET", url: "/v1/trees/main/commits/abc", code: "invalid-request", pointers: ["/oid"] },
  { name: "unknown commit", method: "GET", url: "/v1/trees/main/commits/abcdef1", code: "commit-not-found" },
  { name: "unknown crash", method: "GET", url: "/v1/crashes/0123", code: "crash-not-found" },
  {
    name: "text of an unknown crash",
    method: "GET",
    url: "/v1/crashes/0123/report.txt",
    headers: { accept: "text/plain" },
    code: "crash-not-found",
  },
  { name: "unknown crash to remove", method: "DELETE", url: "/v1/crashes/0123", code: "crash-not-found" },
  { name: "unknown signature", method: "GET", url: `/v1/signatures/${"a".repeat(32)}`, code: "signature-not-found" },
  { name: "signature id of another form", method: "GET", url: "/v1/signatures/xyz", code: "invalid-request", pointers: ["/fingerprint"] },
  {
    name: "crash without text",
    method: "POST",
    url: "/v1/crashes",
    payload: { source: "x" },
    code: "invalid-request",
    pointers: ["/crash"],
  },
  {
    name: "crash of blanks",
    method: "POST",
    url: "/v1/signatures",
    payload: { crash: " \n" },
    code: "invalid-request",
    pointers: ["/crash"],
  },
  {
    name: "empty text",
    method: "POST",
    url: "/v1/crashes",
    headers: { "content-type": "text/plain" },
    payload: "",
    code: "invalid-request",
  },
  { name: "crash of unknown kind", method: "GET", url: "/v1/crashes?kind=bang", code: "invalid-request", pointers: ["/kind"] },
  {
    name: "no commits",
    method: "POST",
    url: "/v1/trees/vendor/commits",
    payload: { oids: [] },
    code: "invalid-request",
    pointers: ["/oids"],
  },
  {
    name: "too many commits",
    method: "POST",
    url: "/v1/trees/vendor/commits",
    payload: { oids: Array.from({ length: 1001 }, () => "abcdef1") },
    code: "invalid-request",
    pointers: ["/oids"],
  },
  {
    name: "a bad commit among others",
    method: "POST",
    url: "/v1/trees/vendor/commits",
    payload: { oids: ["abcdef1", "abc"] },
    code: "invalid-request",
    pointers: ["/oids/1"],
  },
  { name: "no body", method: "POST", url: "/v1/analyses", code: "invalid-request", pointers: [""] },
  { name: "broken JSON", method: "POST", url: "/v1/analyses", headers: JSON_TYPE, payload: '{"target":', code: "invalid-json" },
  { name: "poisoned JSON", method: "POST", url: "/v1/analyses", headers: JSON_TYPE, payload: '{"__proto__":{}}', code: "invalid-json" },
  {
    name: "not JSON",
    method: "POST",
    url: "/v1/analyses",
    headers: { "content-type": "text/plain" },
    payload: "x",
    code: "unsupported-media-type",
  },
  { name: "too large", method: "POST", url: "/v1/analyses", payload: { target: "main", crash: LONG }, code: "body-too-large" },
  {
    name: "unknown member",
    method: "POST",
    url: "/v1/analyses",
    payload: { target: "main", crsh: "x", "a/b": 1 },
    code: "invalid-request",
    pointers: ["/crsh", "/a~1b"],
  },
  { name: "no question", method: "POST", url: "/v1/analyses", payload: { target: "vendor" }, code: "invalid-request", pointers: [""] },
  {
    name: "two questions",
    method: "POST",
    url: "/v1/analyses",
    payload: { target: "vendor", crash: "x", commits: ["abcdef123456"] },
    code: "invalid-request",
    pointers: ["/crash", "/commits"],
  },
  {
    name: "empty crash",
    method: "POST",
    url: "/v1/analyses",
    payload: { target: "vendor", crash: "" },
    code: "invalid-request",
    pointers: ["/crash"],
  },
  {
    name: "blank crash",
    method: "POST",
    url: "/v1/analyses",
    payload: { target: "vendor", crash: " \n\t" },
    code: "invalid-request",
    pointers: ["/crash"],
  },
  {
    name: "blank patch",
    method: "POST",
    url: "/v1/analyses",
    payload: { target: "vendor", patch: " " },
    code: "invalid-request",
    pointers: ["/patch"],
  },
  {
    name: "patch without a diff",
    method: "POST",
    url: "/v1/analyses",
    payload: { target: "vendor", patch: "no" },
    code: "patch-not-recognised",
    pointers: ["/patch"],
  },
  {
    name: "analysis on an unknown tree",
    method: "POST",
    url: "/v1/analyses",
    payload: { target: "nope", crash: "x" },
    code: "tree-not-found",
  },
  {
    name: "unknown upstream",
    method: "POST",
    url: "/v1/analyses",
    payload: { target: "vendor", crash: "x", upstreams: ["nope"] },
    code: "tree-not-found",
  },
  {
    name: "target as its own upstream",
    method: "POST",
    url: "/v1/analyses",
    payload: { target: "vendor", crash: "x", upstreams: ["main", "vendor"] },
    code: "invalid-request",
    pointers: ["/upstreams/1"],
  },
  { name: "no upstream", method: "POST", url: "/v1/analyses", payload: { target: "main", crash: "x" }, code: "no-upstream" },
  {
    name: "bad commit id",
    method: "POST",
    url: "/v1/analyses",
    payload: { target: "vendor", commits: ["abcdef1", "xyz"] },
    code: "invalid-request",
    pointers: ["/commits/1"],
  },
  { name: "bad role", method: "PUT", url: "/v1/trees/a", payload: { ...MAIN, role: "boss" }, code: "invalid-request", pointers: ["/role"] },
  {
    name: "helper remote",
    method: "PUT",
    url: "/v1/trees/a",
    payload: { ...MAIN, remote: "ext::sh" },
    code: "remote-not-allowed",
    pointers: ["/remote"],
  },
  {
    name: "file remote",
    method: "PUT",
    url: "/v1/trees/a",
    payload: { ...MAIN, remote: "/etc" },
    code: "remote-not-allowed",
    pointers: ["/remote"],
  },
  {
    name: "option as remote",
    method: "PUT",
    url: "/v1/trees/a",
    payload: { ...MAIN, remote: "--upload-pack=x" },
    code: "invalid-request",
    pointers: ["/remote"],
  },
  { name: "broken ref", method: "PUT", url: "/v1/trees/a", payload: { ...MAIN, ref: "a..b" }, code: "invalid-request", pointers: ["/ref"] },
  { name: "no accepted type", method: "GET", url: "/v1/trees", headers: { accept: "image/png" }, code: "not-acceptable" },
  {
    name: "JSON asked of a stream",
    method: "GET",
    url: "/v1/trees/main/events",
    headers: { accept: "application/json" },
    code: "not-acceptable",
  },
  { name: "foreign host", method: "GET", url: "/v1/trees", headers: { host: "evil.example.com" }, code: "host-not-allowed" },
  {
    name: "foreign host like ours",
    method: "GET",
    url: "/v1/trees",
    headers: { host: "127.0.0.1.example.com:80" },
    code: "host-not-allowed",
  },
];

test("every bad request is answered with its problem document", async (t) => {
  const { app } = await startReadyService(t);
  for (const { name, code, pointers, headers, ...request } of CASES) {
    const response = await app.inject({ ...request, headers: { "x-request-id": "req-1", ...headers } });
    const problem = Problem.parse(response.json());
    assert.equal(problem.code, code, `${name}: ${response.body}`);
    assert.equal(response.statusCode, PROBLEMS[code].status, name);
    assert.equal(problem.status, response.statusCode, name);
    assert.equal(response.headers["content-type"], "application/problem+json; charset=utf-8", name);
    assert.equal(response.headers["x-request-id"], "req-1", name);
    assert.equal(problem.requestId, "req-1", name);
    assert.equal(problem.instance, request.url.split("?")[0], name);
    assert.ok(problem.detail.length > 20, `${name}: "${problem.detail}" does not say what to do`);
    if (pointers !== undefined)
      assert.deepEqual(problem.errors.map(({ pointer }) => pointer).sort(), [...pointers].sort(), `${name}: ${response.body}`);
  }
  assert.equal((await app.inject("/healthz")).statusCode, 200);
});

test("hosts that name this service are served", async (t) => {
  const { app } = await startTestService(t);
  for (const host of ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080", "backport.example.org:443"]) {
    assert.equal((await app.inject({ url: "/v1/trees", headers: { host } })).statusCode, 200, host);
  }
});

test("an unexpected error shows nothing of the inside but the request id, and the log has it", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers.commit = async () => {
    throw new Error("secret /home/someone/file.ts");
  };
  const response = await service.app.inject("/v1/trees/main/commits/abcdef1");
  assert.equal(response.statusCode, 500);
  assert.equal(Problem.parse(response.json()).code, "analysis-failed");
  assert.doesNotMatch(response.body, /secret|home|at /);
  assert.match(service.logged(), /secret/);
});

test("a full disk and a locked database are told as such", async (t) => {
  const service = await startReadyService(t);
  for (const [code, status, name] of [
    ["SQLITE_FULL", 507, "disk-full"],
    ["SQLITE_BUSY_SNAPSHOT", 503, "service-busy"],
  ] as const) {
    service.jobs.db.transaction = () => {
      throw Object.assign(new Error("write failed"), { code });
    };
    const response = await service.app.inject({ method: "PUT", url: "/v1/trees/new", payload: MAIN });
    assert.deepEqual([response.statusCode, response.json().code], [status, name]);
    assert.equal(response.headers["retry-after"], "5");
    assert.equal((await service.app.inject("/v1/trees/main")).statusCode, 200);
  }
});

test("request ids: a usable one is kept, another is replaced", async (t) => {
  const { app } = await startTestService(t);
  const kept = await app.inject({ url: "/healthz", headers: { "x-request-id": "ci-42" } });
  assert.equal(kept.headers["x-request-id"], "ci-42");
  for (const bad of ["a b", "x".repeat(65), "<script>"]) {
    const response = await app.inject({ url: "/healthz", headers: { "x-request-id": bad } });
    assert.match(String(response.headers["x-request-id"]), /^[0-9a-f-]{36}$/);
  }
});

test("a large body is refused with an answer that a client can read which first sends it all", async (t) => {
  const { app } = await startTestService(t);
  const { port } = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
  const size = 50_000_000;
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1");
    socket.pause();
    socket.write(`POST /v1/analyses HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${size}\r\n\r\n`);
    socket.write(Buffer.alloc(size, "x"), () => {
      let text = "";
      socket.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (text.endsWith("}")) resolve(text);
      });
      socket.resume();
    });
    socket.once("error", reject);
    t.after(() => socket.destroy());
  });
  assert.match(answer, /^HTTP\/1\.1 413 [\s\S]*"body-too-large"/);
});

test("bytes that are not HTTP, and headers without end, get a problem document and a closed connection", async (t) => {
  const { app } = await startTestService(t);
  const { port } = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
  const answerTo = (bytes: string) =>
    new Promise<string>((resolve, reject) => {
      let answer = "";
      const socket = connect(Number(port), "127.0.0.1", () => socket.write(bytes));
      socket.setEncoding("utf8");
      socket.on("data", (text: string) => {
        answer += text;
      });
      socket.once("end", () => socket.destroy());
      socket.once("close", () => resolve(answer));
      socket.once("error", reject);
    });
  assert.match(await answerTo("\x16\x03\x01 hello\r\n\r\n"), /^HTTP\/1\.1 400 [\s\S]*problem\+json[\s\S]*"malformed-http"/);
  const overflow = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"a".repeat(20_000)}\r\n\r\n`;
  assert.match(await answerTo(overflow), /^HTTP\/1\.1 431 [\s\S]*"headers-too-large"/);
});
