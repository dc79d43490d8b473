import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../eval/crash.ts";
import { run as runCases } from "../../eval/crash-cases.ts";
import { faultOf } from "../../eval/crash-mutate-worker.ts";
import { mutatedText, textsOf } from "../../eval/crash-mutations.ts";
import { UsageError } from "../../eval/usage.ts";
import { readCrash } from "../../src/crash/read-crash.ts";
import { OOPS_X86 } from "./samples.ts";

test("the measure counts titles, kinds and the corrupted flag, and misses as misses", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "backportd-crash-"));
  context.after(() => rmSync(folder, { recursive: true }));
  context.mock.method(console, "log", () => {});
  const write = (name: string, header: string, log: string): void => writeFileSync(join(folder, name), `${header}\n${log}`);
  write(
    "right",
    "TITLE: BUG: unable to handle kernel NULL pointer dereference in widget_probe_done\nTYPE: NULL-POINTER-DEREFERENCE\n",
    OOPS_X86,
  );
  write("wrong-function", "TITLE: general protection fault in gadget\nTYPE: DoS\n", OOPS_X86);
  write("corrupted", "TITLE: general protection fault in corrupted\nTYPE: DoS\nCORRUPTED: Y\n", "general protection fault: 0000\n");
  write("no-crash", "", "[    1.000000] all is well\n\nREPORT:\nnothing\n");
  assert.deepEqual(await run(["--data", folder]), { files: 4, titleFunction: 1 / 2, kind: 2 / 3, corrupted: 1 });
});

test("a measure without data says what it needs", async () => {
  await assert.rejects(run([]), UsageError);
  await assert.rejects(runCases([]), UsageError);
});

test("labels of an index are compared where the text states what they say, and misses are misses", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "backportd-crash-"));
  context.after(() => rmSync(folder, { recursive: true }));
  context.mock.method(console, "log", () => {});
  writeFileSync(join(folder, "oops.txt"), OOPS_X86);
  writeFileSync(join(folder, "log.txt"), "[    1.000000] all is well\n");
  const label = { file: "oops.txt", arch: "x86_64", kernelRelease: "5.10.0-60.18.0.50.oe2203.x86_64" };
  const cases = [
    { ...label, kind: "null-deref" },
    { ...label, title: "kernel BUG in widget_ioctl", keyFrames: ["vfs_ioctl", "widget_ioctl.isra.7 [widget]"] },
    { file: "log.txt", kind: "oops", arch: "arm64", kernelRelease: "4.19.90 (not stated)" },
  ];
  writeFileSync(join(folder, "index.json"), JSON.stringify({ cases }));
  const figures = await runCases(["--data", folder]);
  assert.deepEqual(figures, { files: 3, kind: 1 / 3, frame: 1 / 3, release: 1, arch: 1, both: 1 / 3 });
});

test("mutated texts are the same for the same seed, differ from each other, and a bad result is noticed", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "backportd-crash-"));
  context.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "nested"));
  writeFileSync(join(folder, "oops.txt"), OOPS_X86);
  const texts = textsOf([folder]);
  assert.deepEqual(texts, [OOPS_X86]);
  const mutated = Array.from({ length: 200 }, (_, n) => mutatedText(texts, 1, n));
  assert.deepEqual(
    mutated,
    mutated.map((_, n) => mutatedText(texts, 1, n)),
  );
  assert.ok(new Set(mutated).size > 150);
  assert.notEqual(mutatedText(texts, 2, 0), mutated[0]);
  for (const text of mutated) assert.equal(faultOf(text, readCrash(text)), null);
  const signature = readCrash(OOPS_X86);
  assert.match(faultOf(OOPS_X86, { ...signature, title: "x".repeat(121) }) ?? "", /120: title/);
  assert.match(faultOf(OOPS_X86, { ...signature, frames: signature.frames.map((frame) => ({ ...frame, weight: -1 })) }) ?? "", /schema/);
  assert.match(faultOf("", signature) ?? "", /span/);
});
