import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readCrash } from "../src/crash/read-crash.ts";
import { kindsOfType } from "../src/rules/crash-types.ts";
import type { Signature } from "../src/schema/signature.ts";
import { readOptions, required } from "./usage.ts";

/** A labelled crash text: header lines `KEY: value`, an empty line, the log, and possibly the cut that the labeller expects. */
interface Labelled {
  readonly file: string;
  readonly title: string | null;
  readonly type: string | null;
  readonly corrupted: boolean;
  readonly log: string;
}

const HEADER = /^([A-Z]+): (.*)$/;

function readLabelled(file: string, text: string): Labelled {
  const blank = text.startsWith("\n") ? 0 : text.indexOf("\n\n") + 1;
  const fields = new Map<string, string>();
  for (const line of text.slice(0, blank).split("\n")) {
    const [, key = "", value = ""] = HEADER.exec(line) ?? [];
    if (key !== "" && !fields.has(key)) fields.set(key, value);
  }
  const expected = text.indexOf("\nREPORT:\n", blank);
  const log = text.slice(blank + 1, expected === -1 ? text.length : expected);
  return { file, title: fields.get("TITLE") || null, type: fields.get("TYPE") ?? null, corrupted: fields.get("CORRUPTED") === "Y", log };
}

/** The function that a title names: what stands behind its last ` in `. */
function functionOf(title: string): string | null {
  return /.* in ([\w.]+)(?:\/[\w.]+)?$/.exec(title)?.[1] ?? null;
}

interface Share {
  readonly of: number;
  readonly right: number;
  readonly misses: readonly string[];
}

/** Counts an answer over the texts that ask the question; `judge` is null for those that do not. */
function share(
  texts: readonly Labelled[],
  judge: (text: Labelled, signature: Signature) => string | true | null,
  read: ReadonlyMap<Labelled, Signature>,
): Share {
  let of = 0;
  const misses: string[] = [];
  for (const text of texts) {
    const signature = read.get(text);
    const verdict = signature === undefined ? null : judge(text, signature);
    if (verdict === null) continue;
    of++;
    if (verdict !== true) misses.push(`${text.file}: ${verdict}`);
  }
  return { of, right: of - misses.length, misses };
}

function judgeTitle(text: Labelled, signature: Signature): string | true | null {
  const wanted = text.title === null || text.corrupted ? null : functionOf(text.title);
  if (wanted === null) return null;
  const offered = [signature.title, ...signature.altTitles].map(functionOf);
  return offered.includes(wanted) || `wanted ${text.title}, got ${signature.title} (${offered.slice(1).join(", ")})`;
}

function judgeKind(text: Labelled, signature: Signature): string | true | null {
  const kinds = text.type === null ? null : kindsOfType(text.type);
  if (kinds === null) return null;
  return kinds.includes(signature.kind) || `wanted ${text.type} (${text.title}), got ${signature.kind}: ${signature.title}`;
}

function judgeCorrupted(text: Labelled, signature: Signature): string | true {
  return (
    text.corrupted === (signature.corrupted !== null) ||
    `wanted ${text.corrupted ? "corrupted" : "sound"} (${text.title}), got ${signature.corrupted ?? "sound"}`
  );
}

/**
 * Reads every labelled crash text of a folder and compares title function, kind and the corrupted flag with the labels.
 * Options: `--data DIR`, `--misses` to list what is wrong.
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const values = readOptions(args, { data: { type: "string" }, misses: { type: "boolean" } });
  const data = required("data", values.data);
  const texts = readdirSync(data)
    .filter((name) => statSync(join(data, name)).isFile())
    .map((name) => readLabelled(name, readFileSync(join(data, name), "utf8")));
  const read = new Map<Labelled, Signature>();
  for (const text of texts) read.set(text, readCrash(text.log));
  const shares = {
    titleFunction: share(texts, judgeTitle, read),
    kind: share(texts, judgeKind, read),
    corrupted: share(texts, judgeCorrupted, read),
  };
  const figures: Record<string, number> = { files: texts.length };
  for (const [name, { of, right, misses }] of Object.entries(shares)) {
    figures[name] = of === 0 ? 0 : right / of;
    console.log(
      `${name.padEnd(14)} ${String(right).padStart(5)} of ${String(of).padStart(5)}  ${(100 * (figures[name] ?? 0)).toFixed(1)} %`,
    );
    if (values.misses === true) for (const miss of misses) console.log(`  ${miss}`);
  }
  return figures;
}
