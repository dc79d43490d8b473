import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { makeToken, readToken, secretMatches } from "../../src/auth/token-text.ts";
import { ConfigError, readConfig } from "../../src/config.ts";
import { scopeOf } from "../../src/routes/access.ts";
import type { Scope } from "../../src/schema/access.ts";
import { Problem } from "../../src/schema/problem.ts";
import { createLog, startService } from "../../src/server.ts";
import { openDatabase } from "../../src/store/database.ts";
import { addToken, getToken, listTokens, revokeToken } from "../../src/store/tokens.ts";
import { runTokenCommand } from "../../src/token-command.ts";
import { MAIN, startReadyService, startTestService, type TestService, temporaryDirectory, until } from "../http/support.ts";

async function newToken({ jobs }: TestService, scope: Scope): Promise<{ id: string; headers: { authorization: string } }> {
  const { id, text, hash } = makeToken();
  await addToken(jobs.db, { id, name: scope, scope, hash }, new Date().toISOString());
  return { id, headers: { authorization: `Bearer ${text}` } };
}

test("a token is 256 random bits behind an id; only their hash is kept", () => {
  const { id, text, hash } = makeToken();
  const parts = readToken(text);
  assert.equal(parts?.id, id);
  assert.equal(Buffer.from(parts?.secret ?? "", "base64url").length, 32);
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.ok(secretMatches(parts?.secret ?? "", hash));
  assert.ok(!secretMatches(`${parts?.secret.slice(1)}A`, hash) || parts?.secret.endsWith("A"));
  assert.ok(!secretMatches("", hash));
  assert.notEqual(makeToken().text, text);
  for (const wrong of ["", "bpd_", text.slice(0, -1), `${text}a`, text.toUpperCase(), ` ${text}`, text.replace("bpd", "ghp")])
    assert.equal(readToken(wrong), null, wrong);
});

test("on a loopback address everybody is admin until the first token exists, and never again", async (t) => {
  const service = await startTestService(t);
  const { app, jobs } = service;
  assert.equal((await app.inject({ method: "PUT", url: "/v1/trees/a", payload: MAIN })).statusCode, 201);
  const { id, headers } = await newToken(service, "admin");
  assert.equal((await app.inject("/v1/trees")).statusCode, 401);
  assert.equal((await app.inject({ url: "/v1/trees", headers })).statusCode, 200);
  await revokeToken(jobs.db, id, new Date().toISOString());
  for (const tried of [headers, {}]) assert.equal((await app.inject({ url: "/v1/trees", headers: tried })).statusCode, 401);
});

test("on another address a token is needed from the start", async (t) => {
  const { app } = await startTestService(t, { access: { loopback: false } });
  assert.equal((await app.inject("/v1/trees")).statusCode, 401);
  for (const url of ["/healthz", "/readyz", "/openapi.json", "/errors", "/docs/"])
    assert.equal((await app.inject(url)).statusCode, 200, url);
});

test("what is public is answered also when the state is not", async (t) => {
  const { app, jobs } = await startTestService(t);
  jobs.db.selectFrom = () => {
    throw Object.assign(new Error("locked"), { code: "SQLITE_BUSY" });
  };
  assert.equal((await app.inject("/v1/trees")).statusCode, 503);
  assert.equal((await app.inject("/healthz")).statusCode, 200);
  assert.equal((await app.inject("/readyz")).json().reason, "the state database does not answer");
});

test("each scope allows its own and those before it; refusals carry a challenge", async (t) => {
  const service = await startReadyService(t);
  const tokens = {
    read: await newToken(service, "read"),
    analyze: await newToken(service, "analyze"),
    admin: await newToken(service, "admin"),
  };
  const requests = [
    { needs: "read", method: "GET", url: "/v1/trees" },
    { needs: "read", method: "HEAD", url: "/v1/trees" },
    { needs: "analyze", method: "POST", url: "/v1/analyses", payload: { target: "vendor", commits: ["1111111"] } },
    { needs: "analyze", method: "POST", url: "/v1/trees/main/fetches" },
    { needs: "admin", method: "PUT", url: "/v1/trees/main", payload: MAIN },
    { needs: "admin", method: "GET", url: "/v1/webhooks" },
  ] as const;
  const levels = ["read", "analyze", "admin"] as const;
  for (const { needs, ...request } of requests) {
    const place = `${request.method} ${request.url}`;
    const without = await service.app.inject(request);
    assert.equal(without.statusCode, 401, place);
    assert.equal(without.headers["www-authenticate"], 'Bearer realm="backportd"');
    if (request.method !== "HEAD") assert.equal(Problem.parse(without.json()).code, "token-required");
    for (const [at, scope] of levels.entries()) {
      const response = await service.app.inject({ ...request, headers: tokens[scope].headers });
      const allowed = at >= levels.indexOf(needs);
      assert.equal(allowed ? response.statusCode < 300 : response.statusCode === 403, true, `${place} with ${scope}: ${response.body}`);
      if (allowed) continue;
      assert.equal(Problem.parse(response.json()).code, "scope-missing");
      assert.equal(response.headers["www-authenticate"], `Bearer realm="backportd", error="insufficient_scope", scope="${needs}"`);
    }
  }
});

test("a wrong token is refused and not taken for none, also where everybody may read", async (t) => {
  const service = await startTestService(t, { access: { anonymousRead: true } });
  const { headers } = await newToken(service, "read");
  const right = headers.authorization;
  assert.equal((await service.app.inject("/v1/trees")).statusCode, 200);
  assert.equal((await service.app.inject({ method: "PUT", url: "/v1/trees/a", payload: MAIN })).statusCode, 401);
  assert.equal(
    (await service.app.inject({ url: "/v1/trees", headers: { authorization: right.replace("Bearer", "bearer") } })).statusCode,
    200,
  );
  const other = `Bearer ${makeToken().text}`;
  const mixed = right.slice(0, -43) + other.slice(-43);
  for (const authorization of [other, mixed, `${right} x`, right.replace("Bearer ", ""), "Basic YTpi", "Bearer", ""]) {
    const response = await service.app.inject({ url: "/v1/trees", headers: { authorization } });
    assert.equal(response.statusCode, 401, authorization);
    assert.equal(response.headers["www-authenticate"], 'Bearer realm="backportd", error="invalid_token"');
  }
});

test("the last use of a token is noted", async (t) => {
  const service = await startTestService(t);
  const { id, headers } = await newToken(service, "read");
  assert.equal((await getToken(service.jobs.db, id))?.lastUsedAt, null);
  await service.app.inject({ url: "/v1/trees", headers });
  const row = await until(
    () => getToken(service.jobs.db, id),
    (found) => found?.lastUsedAt !== null,
  );
  assert.ok(Math.abs(Date.now() - Date.parse(row?.lastUsedAt ?? "")) < 60_000);
});

test("every route has a scope: reading needs read, the others say what they need, and few are public", async (t) => {
  const { app } = await startTestService(t);
  const document = app.swagger() as unknown as { paths: Record<string, Record<string, { security?: { token: Scope[] }[] }>> };
  const open: string[] = [];
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, { security }] of Object.entries(operations)) {
      assert.ok(security !== undefined, `${method} ${path}`);
      if (security.length === 0) open.push(`${method} ${path}`);
      else if (method === "get" && !path.startsWith("/v1/webhooks")) assert.deepEqual(security, [{ token: ["read"] }], `${method} ${path}`);
    }
  }
  assert.deepEqual(open.sort(), ["get /healthz", "get /readyz"]);
  assert.deepEqual(document.paths["/v1/analyses"]?.post?.security, [{ token: ["analyze"] }]);
  assert.deepEqual(document.paths["/v1/trees/{tree}"]?.delete?.security, [{ token: ["admin"] }]);
  for (const method of ["POST", "PUT", "DELETE", "PATCH", ["GET", "POST"]])
    assert.throws(() => scopeOf({ url: "/v1/new", method }), /scope/);
  assert.equal(scopeOf({ url: "/metrics", method: "GET" }), "read");
  assert.equal(scopeOf({ url: "/healthz/x", method: "GET" }), "read");
});

test("a browser acts for its own pages only", async (t) => {
  const { app } = await startReadyService(t);
  const post = { method: "POST", url: "/v1/trees/main/fetches" } as const;
  const host = "127.0.0.1:8080";
  for (const headers of [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example.com" },
    { origin: "http://127.0.0.1:9999" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site", origin: `http://${host}` },
  ]) {
    const response = await app.inject({ ...post, headers: { host, ...headers } });
    assert.deepEqual([response.statusCode, response.json().code], [403, "cross-site-request"], JSON.stringify(headers));
  }
  const form = { "sec-fetch-site": "cross-site", "content-type": "text/plain" };
  assert.equal((await app.inject({ method: "POST", url: "/v1/crashes", headers: form, payload: "BUG" })).statusCode, 403);
  assert.equal(
    (await app.inject({ method: "DELETE", url: "/v1/trees/main", headers: { "sec-fetch-site": "cross-site" } })).statusCode,
    403,
  );
  for (const headers of [{}, { "sec-fetch-site": "same-origin" }, { "sec-fetch-site": "none" }, { origin: `http://${host}` }]) {
    assert.equal((await app.inject({ ...post, headers: { host, ...headers } })).statusCode, 202, JSON.stringify(headers));
  }
  // A link from elsewhere may be followed.
  assert.equal((await app.inject({ url: "/v1/trees", headers: { "sec-fetch-site": "cross-site" } })).statusCode, 200);
});

test("the command creates, lists and revokes tokens, and prints each once", async (t) => {
  const data = join(temporaryDirectory(t), "data");
  const run = async (...args: string[]) => {
    const texts = { out: "", err: "" };
    const write = (stream: "out" | "err") => (text: string) => {
      texts[stream] += text;
    };
    const code = await runTokenCommand(args, { BACKPORTD_DATA: data }, { out: write("out"), err: write("err") });
    return { code, ...texts };
  };
  const made = await run("create", "--name", "ci of kernel", "--scope", "analyze");
  assert.equal(made.code, 0);
  const parts = readToken(made.out.trim());
  assert.ok(parts !== null && !made.err.includes(parts.secret));
  const listed = await run("list");
  assert.match(listed.out, new RegExp(`^${parts.id}\\tanalyze\\t\\S+\\tnever\\tactive\\tci of kernel$`, "m"));
  assert.ok(!listed.out.includes(parts.secret));
  assert.equal((await run("revoke", parts.id)).code, 0);
  assert.match((await run("list")).out, /\trevoked /);
  assert.equal((await run("revoke", parts.id)).code, 1);
  assert.equal((await run("revoke", "nobody")).code, 1);
  for (const wrong of [
    [],
    ["create"],
    ["create", "--name", "x"],
    ["create", "--name", "x", "--scope", "root"],
    ["create", "--name", "a\tb", "--scope", "read"],
    ["create", "--name", "", "--scope", "read"],
    ["create", "--name", "x", "--scope", "read", "more"],
    ["list", "more"],
    ["list", "--all"],
    ["revoke"],
    ["dance"],
  ]) {
    const { code, err } = await run(...wrong);
    assert.equal(code, 2, wrong.join(" "));
    assert.match(err, /usage/);
  }
});

test("on an address that others can reach the service does not start without a usable token", async (t) => {
  const data = join(temporaryDirectory(t), "data");
  // An address for documentation (RFC 5737), which this machine does not have: listening on it fails, once it is tried.
  const config = readConfig({ BACKPORTD_DATA: data, BACKPORTD_HOST: "192.0.2.1", BACKPORTD_PORT: "0" });
  const start = () => startService(config, createLog("silent"));
  await assert.rejects(start, (error) => error instanceof ConfigError && /192\.0\.2\.1 .*token create/.test(error.message));
  const output = { out: () => {}, err: () => {} };
  await runTokenCommand(["create", "--name", "ci", "--scope", "read"], { BACKPORTD_DATA: data }, output);
  await assert.rejects(start, { code: "EADDRNOTAVAIL" });
  const db = await openDatabase(join(data, "state.sqlite"));
  for (const { id } of await listTokens(db)) await revokeToken(db, id, new Date().toISOString());
  await db.destroy();
  await assert.rejects(start, ConfigError);
});

test("a token that the command creates counts in a service that runs", async (t) => {
  const data = temporaryDirectory(t);
  const { app, jobs } = await startTestService(t, { database: join(data, "state.sqlite") });
  assert.equal((await app.inject("/v1/trees")).statusCode, 200);
  let text = "";
  const out = (line: string) => {
    text += line;
  };
  const output = { out, err: () => {} };
  await runTokenCommand(["create", "--name", "ci", "--scope", "read"], { BACKPORTD_DATA: data }, output);
  const headers = { authorization: `Bearer ${text.trim()}` };
  assert.equal((await app.inject("/v1/trees")).statusCode, 401);
  assert.equal((await app.inject({ url: "/v1/trees", headers })).statusCode, 200);
  const [row] = await listTokens(jobs.db);
  await runTokenCommand(["revoke", row?.id ?? ""], { BACKPORTD_DATA: data }, output);
  assert.equal((await app.inject({ url: "/v1/trees", headers })).statusCode, 401);
});
