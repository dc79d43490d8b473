import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../eval/crash.ts";
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
