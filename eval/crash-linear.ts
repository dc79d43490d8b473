import { readCrash } from "../src/crash/read-crash.ts";
import { COMMON_FRAGMENTS, type Expression, fragmentsFor, prefixesFor, readingExpressions, wordsOf } from "./crash-expressions.ts";
import { oneOf, readOptions, wholeNumber } from "./usage.ts";

/** What is repeated to a hostile text for the whole reader, beside the words of every expression: pieces that its layers look for. */
const FRAGMENTS: readonly string[] = [
  "\n",
  "a\r\n",
  "\r",
  "\0",
  "于",
  "\ud800",
  "|",
  "> ",
  "+",
  "+0x",
  "a+0x1/",
  "f+0x1/0x2 ",
  "f+0x1/0x2 [m] ",
  "\n f+0x1/0x2",
  "f+0x1/0x2.isra.1",
  `${"x".repeat(2000)}+0x1/0x2\n`,
  "=\n",
  "=3D=\n",
  "=C3=A4=3D",
  "\u001b[",
  "\u001b[0m",
  "<IRQ>",
  "<4>[ 1.0] f+0x1/0x2\n",
  "[    1.0] f+0x1/0x2\n",
  "1,2,3,-;f+0x1/0x2\n",
  "Dec  8 15:25:17 a kernel: f+0x1/0x2\n",
  '{"MESSAGE":"a"}\n',
  '{"MESSAGE":"f+0x1/0x2"}\n',
  "** 9 printk messages dropped ** ",
  "Oops#1 Part1\n",
  "Oops#1 Part1 ",
  "BUG: a\n",
  "[    1.000000][    T1] BUG: a\n",
  "BUG: KASAN: use-after-free in f+0x1/0x2\nRead of size 8\n f+0x1/0x2\n",
  "general protection fault: 0000\n",
  "Oops: 0000 [#1]\n",
  "INFO: task a:1 blocked for more than 1 seconds\n",
  "unreferenced object 0x\n",
  "list_add corruption. a\n",
  "refcount_t: a\n",
  "WARNING: mm/",
  "WARNING: CPU: 1 PID: 1 at mm/a.c:1 kmalloc ",
  "[ 1.0] WARNING: CPU: 1 PID: 1 at a.c:1\nf+0x1/0x2\n",
  "Call Trace:\n f+0x1/0x2\n",
  "RIP: 0010:f+0x1/0x2\n",
  "Code: 00 <0f> 0b\n",
  "Tainted: G ",
  "Modules linked in: a(O) b\n",
  "is trying to acquire lock:\n (a){b}, at: f+0x1/0x2\n",
  "PID: 1 TASK: \n",
  "#0 [ffff000000000000] f at ffff000000000000 ",
  "#0 [ffff000000000000] f at ffff000000000000 #1 [",
  "[ffff8880b0cf0b00:nfs_page] ",
  "crash> struct a\n",
  "crash> struct a\n  [0x80] int a;\n",
  "/a/b.c: 12\n0x12345678 <a+1>: mov\n",
  "f at a/b.c:12\n",
  "于 a/b.c:1\n",
  "widget_a\n  widget_b(c)\n    widget_c\n",
  "=> f\n",
  " from ",
];

const ROUNDS = 5;
/** A text over the target is measured again: other work on the machine slows single measurements, never all of them. */
const ATTEMPTS = 12;
/** Below this a timing says more of the clock than of the work; what grows faster than the text takes far longer for a million characters. */
const SHORTEST_MS = 2;
const TARGET = 2.5;

/** Milliseconds of the fastest of five. */
function bestOf(work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

function repeated(fragment: string, length: number): string {
  return fragment.repeat(Math.ceil(length / fragment.length));
}

interface Growth {
  readonly name: string;
  readonly ratio: number;
  /** Of the longer text. */
  readonly megabytesPerSecond: number;
}

/** How the time grows when a text doubles. */
function growthOnce(name: string, text: (length: number) => string, length: number, read: (text: string) => void): Growth {
  const [once, twice] = [text(length), text(2 * length)];
  const short = bestOf(() => read(once));
  const long = bestOf(() => read(twice));
  return { name, ratio: long / Math.max(short, SHORTEST_MS), megabytesPerSecond: twice.length / 1000 / long };
}

function growthOf(name: string, text: (length: number) => string, length: number, read: (text: string) => void): Growth {
  let best = growthOnce(name, text, length, read);
  for (let attempt = 1; attempt < ATTEMPTS && best.ratio > TARGET; attempt++) {
    const again = growthOnce(name, text, length, read);
    if (again.ratio < best.ratio) best = again;
  }
  return best;
}

function growthOfReader(words: ReadonlySet<string>, length: number): Growth[] {
  const fragments = new Set([...COMMON_FRAGMENTS, ...FRAGMENTS, ...[...words].flatMap((word) => [`${word} `, `${word}\n`])]);
  return [...fragments].map((fragment) => {
    const text = (size: number) => repeated(fragment, size);
    return growthOf(JSON.stringify(fragment.slice(0, 60)), text, length, readCrash);
  });
}

function growthOfExpressions(expressions: readonly Expression[], length: number): Growth[] {
  return expressions.flatMap(({ file, expression }) =>
    prefixesFor(expression).flatMap((prefix) =>
      fragmentsFor(expression).map((fragment) => {
        const name = `${file} ${expression} on ${JSON.stringify(prefix)} and ${JSON.stringify(fragment)}`;
        // The last character keeps a search that looks for the end of the text from succeeding early.
        return growthOf(
          name,
          (size) => `${prefix}${repeated(fragment, size)}\u0001`,
          length,
          (text) => void expression.exec(text),
        );
      }),
    ),
  );
}

function summary(what: string, growths: readonly Growth[]): { count: number; over: number; worst: number; slowest: number } {
  const sorted = [...growths].sort((a, b) => b.ratio - a.ratio);
  const over = sorted.filter(({ ratio }) => ratio > TARGET);
  for (const { name, ratio, megabytesPerSecond } of sorted.slice(0, Math.max(5, over.length)))
    console.log(`${what.padEnd(12)} x${ratio.toFixed(2)} ${megabytesPerSecond.toFixed(0).padStart(6)} MB/s  ${name}`);
  return {
    count: growths.length,
    over: over.length,
    worst: sorted[0]?.ratio ?? 0,
    slowest: Math.min(...growths.map(({ megabytesPerSecond }) => megabytesPerSecond)),
  };
}

const PARTS = ["fragments", "reader", "expressions"] as const;

/**
 * How the time of reading grows with hostile texts, made by repeating a fragment: of the whole reader, and of every regular expression that
 * it uses, alone and without the limits on lines. Each text is doubled; the fastest of five readings counts on both sides. Options:
 * `--length BYTES` of the shorter text (1000000), `--only fragments` (the whole reader, pieces that its layers look for), `--only reader`
 * (these and the words of every expression) or `--only expressions`.
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const values = readOptions(args, { length: { type: "string" }, only: { type: "string" } });
  const length = wholeNumber("length", values.length, 1_000_000);
  const only = values.only === undefined ? null : oneOf("only", values.only, PARTS);
  const expressions = readingExpressions();
  const figures: Record<string, number> = {};
  if (only !== "expressions") {
    const words = only === "fragments" ? [] : expressions.flatMap(({ expression }) => wordsOf(expression));
    const reader = summary("reader", growthOfReader(new Set(words), length));
    Object.assign(figures, { texts: reader.count, textsOver: reader.over, worst: reader.worst, slowestMegabytesPerSecond: reader.slowest });
  }
  if (only === null || only === "expressions") {
    const alone = summary("expressions", growthOfExpressions(expressions, length));
    Object.assign(figures, { expressions: expressions.length, searches: alone.count, searchesOver: alone.over, worstSearch: alone.worst });
  }
  return figures;
}
