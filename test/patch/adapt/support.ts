import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adaptFile, type FileAdaptation } from "../../../src/patch/adapt/adapt-file.ts";
import { parsePatch } from "../../../src/patch/parse.ts";
import type { FilePatch } from "../../../src/patch/patch.ts";

/** The change between two texts as git writes it. */
export function changeOf(base: string, theirs: string, path = "f.c"): FilePatch {
  const directory = mkdtempSync(join(tmpdir(), "backportd-test-"));
  try {
    writeFileSync(join(directory, "a"), base, "latin1");
    writeFileSync(join(directory, "b"), theirs, "latin1");
    const { stdout } = spawnSync("git", ["diff", "--no-index", "--no-prefix", "-U3", "a", "b"], { cwd: directory });
    const [file] = parsePatch(stdout.toString("latin1").replace(/^(---|\+\+\+) [ab]$/gm, `$1 x/${path}`)).files;
    assert.ok(file);
    return { ...file, oldPath: path, newPath: path };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What becomes of the change from `base` to `theirs` in `ours`. */
export function adapted(base: string, ours: string, theirs: string, path = "f.c"): FileAdaptation | null {
  return adaptFile(changeOf(base, theirs, path), ours, base);
}
