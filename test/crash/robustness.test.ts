import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readCrash } from "../../src/crash/read-crash.ts";
import { Signature } from "../../src/schema/signature.ts";
import { OOPS_ARM64, OOPS_X86 } from "./samples.ts";

const SEEDS = [OOPS_X86, OOPS_ARM64, OOPS_X86.replaceAll("\n", " "), `crash> bt\n${OOPS_ARM64}`];

/** Words that the readers look for, so that mutations hit their patterns. */
const WORDS = fc.constantFrom(
  "BUG: KASAN: use-after-free in ",
  "WARNING: CPU: 1 PID: 1 at mm/a.c:1 ",
  "INFO: task a:1 blocked for more than 1 seconds",
  "Call Trace:",
  "+0x1/0x2",
  "[    1.000000][    T1] ",
  "crash> struct a ",
  "PID: 1 TASK: ",
  " #0 [ffff000000000000] f at ffff000000000000",
  "=3D",
  "=\n",
  "Oops#1 Part1\n",
  '{"MESSAGE":',
  "is trying to acquire lock:",
  "RIP: 0010:",
  "<IRQ>",
  "\u001b[0m",
  "\r\n",
  "\u0000",
  "\ud800",
  "于",
);
const mutation = fc.record({
  at: fc.nat(2000),
  drop: fc.nat(80),
  word: fc.oneof(WORDS, fc.string({ unit: "binary", maxLength: 20 })),
  repeat: fc.integer({ min: 1, max: 3 }),
});

test("no input makes the reader throw, break its schema or pass its limits", () => {
  fc.assert(
    fc.property(fc.constantFrom(...SEEDS), fc.array(mutation, { maxLength: 12 }), (seed, mutations) => {
      let text = seed;
      for (const { at, drop, word, repeat } of mutations) text = text.slice(0, at) + word.repeat(repeat) + text.slice(at + drop);
      const signature = Signature.parse(readCrash(text));
      assert.ok(signature.frames.length <= 64);
      assert.ok(signature.title.length <= 120);
      assert.ok((signature.details?.reports.length ?? 0) <= 64);
      for (const span of signature.details?.spans ?? []) assert.ok(span.start >= 0 && span.start <= span.end && span.end <= text.length);
      assert.deepEqual(readCrash(text), signature, "the same text gives the same signature");
    }),
    { numRuns: 400 },
  );
});

test("the title, the kind and the frames do not depend on what else the log holds", () => {
  const noise = fc.array(
    fc.constantFrom(
      "[   11.000001] usb 1-1: new high-speed USB device number 3",
      "[   11.000002] audit: type=1130 audit(1599118767.260:14): pid=1",
      "[   11.000003] EXT4-fs (sda1): mounted filesystem",
    ),
    { maxLength: 40 },
  );
  const expected = readCrash(OOPS_X86);
  const stamped = OOPS_X86.trimEnd()
    .split("\n")
    .map((line) => `[   12.000000] ${line}`)
    .join("\n");
  fc.assert(
    fc.property(noise, noise, (before, after) => {
      const signature = readCrash([...before, stamped, ...after].join("\n"));
      assert.equal(signature.title, expected.title);
      assert.equal(signature.fingerprint.strict, expected.fingerprint.strict);
    }),
    { numRuns: 50 },
  );
});

/** Milliseconds of the fastest of three readings. */
function time(text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    readCrash(text);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

test("time grows with the length of the text, whatever the text", () => {
  const fragments = [
    "a",
    " ",
    "[",
    "a+0x1/",
    "> ",
    "=\n",
    "BUG: KASAN: ",
    "WARNING: mm/",
    "\n f+0x1/0x2",
    "WARNING: CPU: 1 PID: 1 at mm/a.c:1 kmalloc ",
    "Tainted: G ",
    "#0 [ffff000000000000] f at ffff000000000000 ",
    "unreferenced object 0x\n",
    "(a){b}, at: f+0x1/0x2\n",
    "\u001b[",
  ];
  for (const fragment of fragments) {
    const short = fragment.repeat(Math.ceil(1_000_000 / fragment.length));
    // A quadratic reader would need minutes for these; the bound leaves room for a busy machine.
    assert.ok(time(short) < 2000, `1 MB of ${JSON.stringify(fragment)} took ${time(short)} ms`);
  }
});

test("a run of digits that could be cut into bytes in many ways is not tried in all of them", () => {
  const oops = "BUG: unable to handle kernel NULL pointer dereference at 0000000000000008\n";
  assert.ok(time(`${oops}Code: ${"0f".repeat(2000)} x\nRIP: 0010:nfsd4_probe_callback+0x1a/0x90\n`) < 2000);
});

test("a crash in the middle of a long log is found", () => {
  const quiet = "[  100.000000] nfs: server 10.0.0.1 not responding, still trying\n".repeat(20_000);
  const stamped = OOPS_ARM64.trimEnd()
    .split("\n")
    .map((line) => `[  101.000000] ${line}\n`)
    .join("");
  const text = quiet + stamped + quiet;
  const signature = readCrash(text);
  assert.equal(signature.fingerprint.strict, readCrash(OOPS_ARM64).fingerprint.strict);
  const header = signature.details?.spans.find((span) => span.fact === "header");
  assert.equal(text.slice(header?.start, header?.end), `[  101.000000] ${OOPS_ARM64.split("\n")[0]}`);
});
