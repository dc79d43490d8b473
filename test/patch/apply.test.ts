import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { applyHunks } from "../../src/patch/apply.ts";
import { splitLines } from "../../src/patch/image.ts";
import { parsePatch } from "../../src/patch/parse.ts";

let dir = "";
before(() => {
  dir = mkdtempSync(join(tmpdir(), "apply-"));
  execFileSync("git", ["init", "-q", dir]);
});
after(() => rmSync(dir, { recursive: true, force: true }));

/** A small generator with a fixed seed, so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
}

/** Few distinct lines, so that hunks find wrong places too. */
function randomLines(next: (below: number) => number, count: number): string[] {
  return Array.from({ length: count }, () => ["}", "", "\tx++;", "\treturn 0;", `line ${next(6)}`, "a\r"][next(6)] ?? "");
}

function edited(next: (below: number) => number, lines: readonly string[], edits: number): string[] {
  const copy = [...lines];
  for (let i = 0; i < edits; i++) {
    const at = next(copy.length + 1);
    const kind = next(3);
    if (kind === 0) copy.splice(at, 0, ...randomLines(next, 1 + next(3)));
    else if (kind === 1) copy.splice(at, 1 + next(2));
    else if (at < copy.length) copy[at] = `changed ${next(1000)}`;
  }
  return copy;
}

function textOf(next: (below: number) => number, lines: readonly string[]): string {
  return lines.join("\n") + (next(4) === 0 || lines.length === 0 ? "" : "\n");
}

test("verdict and content equal git apply's on random files that drifted from the patch's base", () => {
  const next = generator(7);
  let applied = 0;
  let refused = 0;
  for (let round = 0; round < 400; round++) {
    const base = randomLines(next, 4 + next(40));
    const old = join(dir, "old");
    const fresh = join(dir, "new");
    writeFileSync(old, textOf(next, base), "latin1");
    writeFileSync(fresh, textOf(next, edited(next, base, 1 + next(4))), "latin1");
    const made = spawnSync("git", ["diff", "--no-index", "--full-index", `-U${3}`, "old", "new"], { cwd: dir, encoding: "latin1" }).stdout;
    if (made === "") continue;
    const patch = made.replaceAll("a/old", "a/file").replaceAll("b/new", "b/file");
    const target = textOf(next, next(3) === 0 ? base : edited(next, base, next(4)));
    writeFileSync(join(dir, "file"), target, "latin1");
    const git = spawnSync("git", ["apply", "--whitespace=nowarn", "-"], { cwd: dir, input: Buffer.from(patch, "latin1") });
    const [file] = parsePatch(patch).files;
    assert.ok(file);
    const ours = applyHunks(file, target);
    assert.equal(ours.applies, git.status === 0, `round ${round}\n${patch}\n--- target ---\n${target}\n${git.stderr}`);
    if (git.status === 0) {
      applied++;
      assert.equal(ours.content, readFileSync(join(dir, "file"), "latin1"), `round ${round}`);
    } else refused++;
  }
  assert.ok(applied > 100 && refused > 20, `the cases must be mixed: ${applied} applied, ${refused} refused`);
});

test("a hunk that moved reports its offset, and each hunk has its own answer", () => {
  const body = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  const patch = parsePatch(
    [
      "diff --git a/f b/f",
      "--- a/f",
      "+++ b/f",
      "@@ -5,3 +5,4 @@ one()",
      " line 4",
      "+new",
      " line 5",
      " line 6",
      "@@ -20,3 +21,3 @@ two()",
      " line 19",
      "-not there",
      "+x",
      " line 21",
      "",
    ].join("\n"),
  );
  const [file] = patch.files;
  assert.ok(file);
  const result = applyHunks(file, `${["pre", "pre", ...body].join("\n")}\n`);
  assert.deepEqual(
    result.placements.map((placed) => placed.offset),
    [2, null],
  );
  assert.equal(result.applies, false);
  assert.equal(result.content, null);
});

test("splitLines keeps every byte", () => {
  for (const text of ["", "a", "a\n", "\n", "a\n\nb", "a\r\n"]) assert.equal(splitLines(text).join(""), text);
});
