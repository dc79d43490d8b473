import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readingExpressions, wordsOf } from "./crash-expressions.ts";
import { randomNumbers } from "./sample.ts";

const LONGEST_TEXT = 200_000;

/** The texts that are mutated: every file of the folders, in the order of their names. */
export function textsOf(folders: readonly string[]): string[] {
  const files = folders.flatMap((folder) =>
    readdirSync(folder)
      .sort()
      .map((name) => join(folder, name)),
  );
  return files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file, "utf8").slice(0, LONGEST_TEXT));
}

/** Pieces that the layers of the reader look for, and characters that are foreign to logs. */
const PIECES: readonly string[] = [
  "Call Trace:\n",
  "+0x1/0x2",
  "[    1.000000][    T1] ",
  "[    1.000000] ",
  "crash> struct a -o\nstruct a {\n   [0x80] int b;\n",
  "PID: 1 TASK: ",
  " #0 [ffff000000000000] f at ffff000000000000\n",
  "=3D",
  "=\n",
  "Oops#1 Part1\n",
  '{"MESSAGE":"a"}\n',
  '{"MESSAGE":[1,2,300,-1]}\n',
  '{"MESSAGE":',
  "Code: 0f <0b> 00\n",
  "Code: d4210000 (d4210000)\n",
  "<IRQ>",
  "\u001b[0m",
  "\r\n",
  "\r",
  "\0",
  "\ud800",
  "于",
  "\u{1f41b}",
  "0x",
  "9".repeat(40),
  "f".repeat(40),
  "a".repeat(3000),
  "\n".repeat(50),
  "(".repeat(500),
];

/** Words of the reader's own expressions; a mutation that holds one hits a pattern. */
const WORDS: readonly string[] = [...PIECES, ...new Set(readingExpressions().flatMap(({ expression }) => wordsOf(expression)))];

type Change = (text: string, random: () => number, texts: readonly string[]) => string;

const below = (random: () => number, end: number): number => Math.floor(random() * end);
const pick = <T>(random: () => number, items: readonly T[]): T | undefined => items[below(random, items.length)];

function replaceRange(text: string, random: () => number, longest: number, replacement: string): string {
  const at = below(random, text.length + 1);
  return text.slice(0, at) + replacement + text.slice(at + below(random, longest));
}

const CHANGES: readonly Change[] = [
  (text, random) => replaceRange(text, random, 80, ""),
  (text, random) => replaceRange(text, random, 20, pick(random, WORDS) ?? ""),
  (text, random) => replaceRange(text, random, 1, `${pick(random, WORDS) ?? ""}\n`.repeat(1 + below(random, 40))),
  (text, random) => replaceRange(text, random, 3, String.fromCharCode(below(random, 0x10000))),
  // A piece of another text.
  (text, random, texts) => {
    const other = pick(random, texts) ?? "";
    const from = below(random, other.length);
    return replaceRange(text, random, 400, other.slice(from, from + below(random, 2000)));
  },
  // A part twice, and the end lost.
  (text, random) => {
    const from = below(random, text.length);
    const part = text.slice(from, from + below(random, 3000));
    return replaceRange(text, random, 1, part);
  },
  (text, random) => text.slice(0, below(random, text.length + 1)),
  (text, random) => text.slice(below(random, text.length + 1)),
  // Digits, line ends, stamps and blanks of the whole text.
  (text, random) => text.replace(/[0-9]/g, (digit) => (random() < 0.05 ? String(below(random, 10)) : digit)),
  (text, random) => text.replaceAll("\n", pick(random, ["\r\n", " ", "\n\n", "\n> ", "\n<4>", "=\n", "\n[    1.000000] "]) ?? "\n"),
  (text) => text.replace(/^\[ {0,8}\d+\.\d+\](?:\[.{1,8}\])? /gm, ""),
  (text, random) =>
    text
      .split("\n")
      .sort((a, b) => a.charCodeAt(below(random, 9)) - b.charCodeAt(below(random, 9)))
      .join("\n"),
];

const MOST_CHANGES = 6;

/** The n-th mutated text: one of the texts with up to six changes; the same for the same seed and texts. */
export function mutatedText(texts: readonly string[], seed: number, n: number): string {
  const random = randomNumbers(Math.imul(seed, 0x9e3779b1) ^ n);
  let text = pick(random, texts) ?? "";
  for (let left = 1 + below(random, MOST_CHANGES); left > 0; left--)
    text = (pick(random, CHANGES) ?? ((same) => same))(text, random, texts);
  return text.slice(0, LONGEST_TEXT);
}
