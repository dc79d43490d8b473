import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { splitRecords, streamGit } from "../src/git/process.ts";
import { SCHEMA } from "../src/history/index-schema.ts";
import { ingestHistory } from "../src/history/ingest.ts";
import { ingestPatches } from "../src/history/ingest-patches.ts";
import { removeIndex } from "../src/history/open-index.ts";
import { splitMessage } from "../src/history/write-commits.ts";
import { readReferences } from "../src/rules/read-references.ts";
import { withoutBody, withoutTraceLines } from "./trace-lines.ts";

/** How much of the messages the index may know: all but the lines of traces, the subject alone, everything. */
export type Bodies = "prose" | "hidden" | "whole";

const SHOWN: Readonly<Record<Bodies, (message: string) => string>> = {
  prose: withoutTraceLines,
  hidden: withoutBody,
  whole: (message) => message,
};
/** Raise it when SHOWN changes, so that cached indexes are built anew. */
const SHOWN_VERSION = 1;

/** Builds a file beside its place and moves it there when it is whole, so that an interrupted run leaves nothing half done. */
async function built(path: string, build: (unfinished: string) => Promise<void>): Promise<string> {
  if (existsSync(path)) return path;
  const unfinished = `${path}.part`;
  removeIndex(unfinished);
  await build(unfinished);
  renameSync(unfinished, path);
  return path;
}

/** The product's own index over everything from the first of the releases on, with whole messages. */
function buildWhole(gitDir: string, releases: readonly string[]): (path: string) => Promise<void> {
  return async (indexPath) => {
    const trees = releases.map((headOid, at) => ({
      id: headOid,
      // The second pass reads what mainline has and a vendor tree lacks.
      role: at === releases.length - 1 ? ("mainline" as const) : ("vendor" as const),
      headOid,
    }));
    const options = { gitDir, indexPath, trees, report: () => {} };
    await ingestHistory(options);
    await ingestPatches(options);
  };
}

/** Writes the messages and the references that they make anew; all else is kept. */
async function rewriteMessages(gitDir: string, path: string, tip: string, shown: (message: string) => string): Promise<void> {
  const db = new Database(path);
  try {
    const nums = new Map(db.prepare("SELECT lower(hex(oid)), num FROM commits").raw().all() as (readonly [oid: string, num: number])[]);
    const insertMessage = db.prepare("INSERT INTO messages (rowid, subject, body) VALUES (?, ?, ?)");
    const insertLink = db.prepare("INSERT INTO links VALUES (?, ?, ?, ?)");
    db.exec("BEGIN; INSERT INTO messages (messages) VALUES ('delete-all'); DELETE FROM links");
    const log = streamGit(["log", "--encoding=UTF-8", "--format=%x00%H%n%B", "--end-of-options", tip], { gitDir });
    for await (const record of splitRecords(log, "\0")) {
      const num = nums.get(record.slice(0, 40));
      if (num === undefined) continue;
      const message = shown(Buffer.from(record.slice(41), "latin1").toString("utf8"));
      const { subject, body } = splitMessage(message);
      insertMessage.run(num, subject, body);
      for (const reference of readReferences(message)) insertLink.run(num, reference.kind, reference.id, reference.text);
    }
    db.exec("COMMIT");
  } finally {
    db.close();
  }
}

/**
 * One index for all cases. That with whole messages takes minutes and serves every mode and pool; the others are copies of it with other
 * messages, half a minute each. Both stay in `cacheDir`.
 * @param releases commit ids, the oldest first; the index knows the patches between the first and the last
 */
export async function rankIndex(gitDir: string, releases: readonly string[], bodies: Bodies, cacheDir: string): Promise<string> {
  mkdirSync(cacheDir, { recursive: true });
  const first = releases[0] ?? "";
  const last = releases.at(-1) ?? "";
  const schema = createHash("sha1").update(SCHEMA).digest("hex").slice(0, 8);
  const name = `rank-${schema}-${first.slice(0, 12)}-${last.slice(0, 12)}`;
  const whole = await built(join(cacheDir, `${name}-whole.sqlite`), buildWhole(gitDir, releases));
  if (bodies === "whole") return whole;
  return built(join(cacheDir, `${name}-${bodies}${SHOWN_VERSION}.sqlite`), async (path) => {
    copyFileSync(whole, path);
    await rewriteMessages(gitDir, path, last, SHOWN[bodies]);
  });
}
