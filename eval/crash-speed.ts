import { readCrash } from "../src/crash/read-crash.ts";
import { readOptions, wholeNumber } from "./usage.ts";

/** How a frame stands in a report, by transport and age. */
const FRAMES: Readonly<Record<string, (at: number) => string>> = {
  bare: (at) => ` widget_fn_${at % 5000}+0x${((at % 255) + 1).toString(16)}/0x2f0 [widget]\n`,
  stamped: (at) =>
    `[  100.${String(at % 1_000_000).padStart(6, "0")}]  widget_fn_${at % 5000}+0x${((at % 255) + 1).toString(16)}/0x2f0 [widget]\n`,
  "with addresses": (at) => ` [<ffffffff88339b4f>] ? widget_fn_${at % 5000}+0x${((at % 255) + 1).toString(16)}/0x2f0\n`,
  "behind syslog": (at) => `Dec  8 15:25:17 node-8.example kernel: [  100.000000]  widget_fn_${at % 5000}+0x1/0x2f0 [widget]\n`,
  "of crash bt": (at) => ` #${at % 100} [ffff880037ad7a50] widget_${at % 5000} at ffffffff8102c0ae\n`,
};
const HEADER = "BUG: kernel NULL pointer dereference, address: 0000000000000028\nCall Trace:\n";
const LOG_LINE = "[  100.000000] nfs: server 10.0.0.1 not responding, still trying\n";
const ROUNDS = 5;

function report(frame: (at: number) => string, bytes: number): string {
  const lines = [HEADER];
  for (let length = HEADER.length, at = 0; length < bytes; at++) {
    const line = frame(at);
    lines.push(line);
    length += line.length;
  }
  return lines.join("");
}

/** Megabytes a second of the fastest of five readings. */
function rateOf(text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    readCrash(text);
    best = Math.min(best, performance.now() - start);
  }
  return text.length / 1000 / best;
}

/**
 * How fast long texts are read: one report of so many megabytes of frames in each of their forms, and a crash in the middle of a log of daily
 * messages. Options: `--megabytes N` of the report (20); the log is two and a half times as long.
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const bytes = 1_000_000 * wholeNumber("megabytes", readOptions(args, { megabytes: { type: "string" } }).megabytes, 20);
  const quiet = LOG_LINE.repeat(Math.ceil((1.25 * bytes) / LOG_LINE.length));
  const texts = Object.entries(FRAMES).map(([name, frame]) => ({ name: `frames, ${name}`, text: report(frame, bytes) }));
  const rates = texts.map(({ name, text }) => ({ name, rate: rateOf(text) }));
  const log = rateOf(quiet + report(FRAMES.stamped ?? (() => ""), 10_000) + quiet);
  for (const { name, rate } of [...rates, { name: "a log", rate: log }])
    console.log(`${name.padEnd(24)} ${rate.toFixed(0).padStart(5)} MB/s`);
  return { slowestReportMegabytesPerSecond: Math.min(...rates.map(({ rate }) => rate)), logMegabytesPerSecond: log };
}
