import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { type GitFixture, gitFixture } from "./git-fixture.ts";
import { indexContents } from "./index-contents.ts";
import { twoBranches, WORDS } from "./two-branches.ts";

const COMMITS = 600;
const KILLS = 6;
const CHILD = fileURLToPath(new URL("./ingest-child.ts", import.meta.url));

/** Commits and patches that the index holds; 0 while there is none. */
function indexed(path: string): number {
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true });
    try {
      return Number(db.prepare("SELECT (SELECT count(*) FROM commits) + (SELECT count(*) FROM patches)").pluck().get());
    } finally {
      db.close();
    }
  } catch {
    return 0;
  }
}

let fixture: GitFixture;
before(() => {
  fixture = gitFixture();
});
after(() => fixture.remove());

test("an ingest killed again and again gives the same index as an undisturbed one", async () => {
  const { main, vendor } = twoBranches(fixture, COMMITS, 50);
  const start = (path: string) =>
    spawn(process.execPath, ["--import", "tsx", CHILD, fixture.gitDir, path, main.at(-1) ?? "", vendor.at(-1) ?? ""], { stdio: "inherit" });

  const killed = join(fixture.dir, "killed.db");
  const states: number[] = [];
  const everything = 2 * COMMITS;
  for (let kill = 1; kill <= KILLS; kill++) {
    const child = start(killed);
    const ended = once(child, "exit");
    const target = (kill * everything) / (KILLS + 1);
    while (child.exitCode === null && indexed(killed) < target) await sleep(1);
    child.kill("SIGKILL");
    await ended;
    states.push(indexed(killed));
  }
  const whole = join(fixture.dir, "whole.db");
  for (const path of [killed, whole]) {
    const [code] = await once(start(path), "exit");
    assert.equal(code, 0);
  }
  const partial = new Set(states.filter((count) => count > 0 && count < indexed(whole)));
  assert.ok(partial.size >= 2, `kills left ${states.join(", ")} of ${indexed(whole)}`);
  assert.deepEqual(indexContents(killed, WORDS), indexContents(whole, WORDS));
});
