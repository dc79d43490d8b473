import { closeSync, fdatasyncSync, openSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import SQLite from "better-sqlite3";

/** null, or why it could not be flushed. */
export type FlushAnswer = { readonly code: unknown; readonly message: string } | null;

/** How often the log is copied into the database while there are writes. Until then it grows, by a few MiB at most. */
const COPY_MS = 2000;

const file = String(workerData);
const log = openSync(`${file}-wal`, "r+");
const db = new SQLite(file, { timeout: 0 });
db.pragma("synchronous = NORMAL");
let copied = performance.now();

function flush(): FlushAnswer {
  try {
    fdatasyncSync(log);
    return null;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { code, message };
  }
}

/** Reads and writes go on meanwhile; what is in use then is copied the next time. */
function copyLog(): void {
  copied = performance.now();
  try {
    db.pragma("wal_checkpoint(PASSIVE)");
  } catch {
    // On a full disk it stays in the log; the connection that writes tells of that.
  }
}

parentPort?.on("message", (wish: "flush" | "close") => {
  if (wish === "flush") {
    parentPort?.postMessage(flush());
    if (performance.now() - copied >= COPY_MS) copyLog();
    return;
  }
  db.close();
  closeSync(log);
  parentPort?.close();
});
