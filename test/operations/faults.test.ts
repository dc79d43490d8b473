import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import SQLite from "better-sqlite3";
import { sql } from "kysely";
import { gate, NO_CANDIDATE, passed, startReadyService, type TestService, temporaryDirectory, until } from "../http/support.ts";

const question = (commit: string) => ({ method: "POST" as const, url: "/v1/analyses", payload: { target: "vendor", commits: [commit] } });

/** A service on a file, with an analysis that is in work until `finish`. */
async function atWork(t: TestContext): Promise<{ service: TestService; file: string; url: string; finish: () => void }> {
  const file = join(temporaryDirectory(t), "state.sqlite");
  const service = await startReadyService(t, { database: file });
  const slow = gate();
  service.workers.answers.analyse = async (_task, { signal }) => {
    await passed(slow.promise, signal);
    return NO_CANDIDATE;
  };
  const { url } = (await service.app.inject(question("abcdef1"))).json();
  await until(
    () => service.workers.ran.filter(({ kind }) => kind === "analyse").length,
    (count) => count === 1,
  );
  return { service, file, url, finish: slow.open };
}

/** What must hold while the state cannot be written: refusals by name, reads go on, and the work that ends is told afterwards. */
async function holds(
  t: TestContext,
  fault: (file: string, service: TestService) => Promise<() => Promise<void>>,
  code: string,
  status: number,
) {
  const { service, file, url, finish } = await atWork(t);
  const cure = await fault(file, service);
  const refused = await service.app.inject(question("abcdef2"));
  assert.deepEqual([refused.statusCode, refused.json().code, refused.json().retryable], [status, code, true]);
  assert.match(String(refused.headers["retry-after"]), /^\d+$/);
  assert.equal((await service.app.inject("/v1/trees/vendor")).json().state, "ready");
  assert.equal((await service.app.inject("/readyz")).statusCode, 200);
  finish();
  await until(
    () => service.logged(),
    (log) => log.includes("the state cannot be written; trying again"),
  );
  assert.equal((await service.app.inject(url)).json().status, "in_progress");
  await cure();
  assert.equal((await service.app.inject(`${url}?wait=30`)).json().verdict, "no_candidate");
  assert.equal((await service.app.inject(question("abcdef2"))).statusCode, 202);
}

test("a state that another program has locked: told, read from, and written when the lock is gone", (t) =>
  holds(
    t,
    async (file) => {
      const other = new SQLite(file);
      other.exec("BEGIN IMMEDIATE");
      return async () => {
        other.exec("COMMIT");
        other.close();
      };
    },
    "service-busy",
    503,
  ));

test("a disk without space: told, read from, and written when there is some", (t) =>
  holds(
    t,
    async (_file, { jobs }) => {
      // No page more than there are: what SQLite says of a full disk.
      const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(jobs.db);
      await sql`pragma max_page_count = ${sql.lit(rows[0]?.page_count ?? 1)}`.execute(jobs.db);
      await sql`create table if not exists filler (text text)`.execute(jobs.db).catch(() => {});
      await until(
        () => fill(jobs.db),
        (full) => full,
      );
      return async () => {
        await sql`pragma max_page_count = 1000000`.execute(jobs.db);
      };
    },
    "disk-full",
    507,
  ));

/** Uses up the free room of the pages that are there. */
async function fill(db: TestService["jobs"]["db"]): Promise<boolean> {
  try {
    await sql`insert into events (resource, type, data, at) values ('filler', 'stage', ${"x".repeat(200)}, '')`.execute(db);
    return false;
  } catch {
    return true;
  }
}

test("a clock that stands still or jumps does not change how long is waited", async (t) => {
  const { service, url, finish } = await atWork(t);
  t.mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-01-01T00:00:00Z") });
  assert.equal((await service.app.inject(`${url}?wait=0.2`)).json().status, "in_progress");
  const waiting = service.app.inject(`${url}?wait=30`);
  t.mock.timers.setTime(Date.parse("2030-01-01T00:00:00Z"));
  // Told of a change, the wait looks at the clock again.
  service.jobs.changes.notify(url.replace("/v1/", ""));
  await service.app.inject("/healthz");
  finish();
  assert.equal((await waiting).json().verdict, "no_candidate");
});
