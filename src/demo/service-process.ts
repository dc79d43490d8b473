/** Starts `backportd serve` as a child process on a free port and learns its address from its log. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { z } from "zod";

export interface ServiceProcess {
  /** For example http://127.0.0.1:40123 */
  readonly url: string;
  readonly pid: number | undefined;
  /** The last warnings and errors of its log, for the case that something goes wrong. */
  logTail(): string;
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** Asks it to stop, and ends it after 5 seconds if it has not. */
  stop(): Promise<void>;
}

const LOG_TAIL_LINES = 15;
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;

const ListeningLine = z.object({ msg: z.literal("listening"), url: z.url() });
/** pino's levels: 30 is info, 40 a warning. */
const QuietLine = z.object({ level: z.number().max(30) });

/**
 * @throws Error when the service ends before it listens, or does not listen within 30 seconds; the message holds the end of its log.
 */
export async function startService(environment: Readonly<Record<string, string | undefined>>): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../bin/backportd.mjs"), "serve"], {
    env: { ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  const tail: string[] = [];
  const logTail = (): string => tail.join("\n");
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };
  try {
    return { url: await addressOf(child, tail), pid: child.pid, logTail, exited, stop };
  } catch (error) {
    await stop();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${logTail()}`);
  }
}

function addressOf(child: ChildProcessByStdio<null, Readable, Readable>, tail: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the service did not listen within 30 seconds")), START_TIMEOUT_MS);
    const keep = (line: string): void => {
      tail.push(line);
      if (tail.length > LOG_TAIL_LINES) tail.shift();
    };
    createInterface({ input: child.stderr }).on("line", keep);
    createInterface({ input: child.stdout }).on("line", (line) => {
      const entry = parseJson(line);
      if (!QuietLine.safeParse(entry).success) keep(line);
      const listening = ListeningLine.safeParse(entry);
      if (!listening.success) return;
      clearTimeout(timer);
      resolve(listening.data.url);
    });
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      reject(new Error(`the service ended with code ${code} before it listened`));
    });
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
