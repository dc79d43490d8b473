import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Adaptation, adapt } from "../../src/analysis/adaptation.ts";
import { tryChange } from "../../src/analysis/applicability.ts";
import { isChange, readChange } from "../../src/analysis/change.ts";
import { namesByGit } from "../../src/analysis/target-names.ts";
import type { Repository } from "../../src/git/repository.ts";
import { buildRepository, file, git, open, temporaryDirectory } from "../git/fixture.ts";
import { commitsOf } from "../git/merge-scenarios.ts";

type Files = Readonly<Record<string, string>>;

async function adaptation(
  t: TestContext,
  base: Files,
  ours: Files,
  theirs: Files,
): Promise<{ readonly made: Adaptation | null; readonly repo: Repository }> {
  const files = (all: Files) => new Map(Object.entries(all).map(([path, text]) => [path, file(text)]));
  const bare = buildRepository(
    join(temporaryDirectory(t), "bare"),
    commitsOf(0, { base: files(base), ours: files(ours), theirs: files(theirs) }),
  );
  const repo = open(t, bare);
  const change = await readChange(repo, git(bare, ["rev-parse", "theirs0"]));
  assert.ok(isChange(change));
  const target = git(bare, ["rev-parse", "ours0^{tree}"]);
  const trial = await tryChange(repo, change, target);
  assert.equal(trial.merge.clean, false, "git must conflict");
  return { made: await adapt(repo, trial, namesByGit(repo, target)), repo };
}

const LINES = ["alpha(dev);", "bravo(dev);", "charlie(dev);", "delta(dev);", "echo(dev);"];
const go = (...lines: string[]) => `int go(struct dev *dev)\n{\n${lines.map((line) => `\t${line}\n`).join("")}}\n`;
const BASE = go(...LINES);
const OURS = BASE.replace("bravo(dev)", "bravo(dev, 1)");
const THEIRS = BASE.replace("charlie(dev);\n", "charlie(dev);\n\tcheck(dev);\n").replace("bravo(dev);", "bravo(dev);\n\tcount(dev);");

async function textOf(repo: Repository, made: Adaptation | null, path: string): Promise<string | null> {
  assert.ok(made);
  const entry = await repo.entry(made.tree, path);
  return entry === null ? null : ((await repo.blob(entry.oid))?.toString("latin1") ?? null);
}

test("names that added lines use must be known to the target or come with the change; doubt takes the confidence away", async (t) => {
  const known = { "lib.h": "void check(struct dev *dev);\nvoid count(struct dev *dev);\n" };
  const with_ = await adaptation(t, { "f.c": BASE, ...known }, { "f.c": OURS, ...known }, { "f.c": THEIRS, ...known });
  assert.deepEqual(
    with_.made?.files[0]?.checks.map(({ check, outcome }) => [check, outcome]),
    [
      ["brackets", "passes"],
      ["syntax", "passes"],
      ["arguments", "passes"],
      ["indentation", "passes"],
      ["declarations", "passes"],
      ["names", "passes"],
    ],
  );
  const without = await adaptation(t, { "f.c": BASE, ...known }, { "f.c": OURS }, { "f.c": THEIRS, ...known });
  const names = without.made?.files[0]?.checks.find((one) => one.check === "names");
  assert.equal(names?.outcome, "doubts");
  assert.match(names?.detail ?? "", /check/);
  assert.notEqual(without.made?.confidence, "high");
});

test("a call with another number of arguments than the file's own function takes is doubted", async (t) => {
  const define = (parameters: string) => `void check(${parameters})\n{\n\tx();\n}\n\n`;
  const [one, two] = [define("struct dev *dev"), define("struct dev *dev, int how")];
  const { made } = await adaptation(t, { "f.c": one + BASE }, { "f.c": two + OURS }, { "f.c": one + THEIRS });
  const check = made?.files[0]?.checks.find((found) => found.check === "arguments");
  assert.equal(check?.outcome, "doubts");
  assert.match(check?.detail ?? "", /check\(\) takes 2 arguments here and is given 1/);
});

const checkOf = (made: Adaptation | null, name: string) => made?.files[0]?.checks.find((one) => one.check === name);

test("names that the change itself declares need not be known to the target", async (t) => {
  const known = { "lib.h": "void count(struct dev *dev);\n" };
  const brought = THEIRS.replace("int go(", "static int refcount;\n\nint go(").replace("check(dev);", "refcount++;");
  const { made } = await adaptation(t, { "f.c": BASE, ...known }, { "f.c": OURS, ...known }, { "f.c": brought, ...known });
  assert.equal(checkOf(made, "names")?.outcome, "passes");
});

test("statements that braces of upstream held and nothing holds here are doubted", async (t) => {
  const braces = go("alpha(dev);", "if (down) {", "\tassert(dev);", "\treturn next(dev);", "}", "echo(dev);");
  const ours = go("alpha(dev);", "if (down)", "\treturn next(dev);", "echo(dev);");
  const theirs = braces.replace("\t\treturn next(dev);\n", "\t\t*ret = next(dev);\n\t\treturn 0;\n");
  const { made } = await adaptation(t, { "f.c": braces }, { "f.c": ours }, { "f.c": theirs });
  assert.equal(checkOf(made, "indentation")?.outcome, "doubts");
  assert.match(checkOf(made, "indentation")?.detail ?? "", /return 0;/);
  assert.notEqual(made?.confidence, "high");
});

test("a parameter that the change takes away and the target's own lines still use is doubted, unless upstream does so too", async (t) => {
  const set = (...lines: string[]) => go(...lines).replace("struct dev *dev", "struct dev *dev, int id");
  const base = set("first(id);", "mark(dev, id);", "last(id);");
  const theirs = base.replace("struct dev *dev, ", "").replace("mark(dev, id)", "mark(id)");
  const ours = base.replace("\tmark", "\tinterrupt(dev);\n\tmark");
  const { made } = await adaptation(t, { "f.c": base }, { "f.c": ours }, { "f.c": theirs });
  assert.equal(checkOf(made, "declarations")?.outcome, "doubts");
  assert.match(checkOf(made, "declarations")?.detail ?? "", /go\(\) still uses dev/);
  const kept = set("first(id);", "mark(dev, id);", "last(dev);");
  const same = await adaptation(
    t,
    { "f.c": kept },
    { "f.c": kept.replace("\tmark", "\tinterrupt(dev);\n\tmark") },
    { "f.c": kept.replace("struct dev *dev, ", "").replace("mark(dev, id)", "mark(id)") },
  );
  assert.equal(checkOf(same.made, "declarations")?.outcome, "passes");
});

test("syntax errors that upstream's change brings to its own file too cast no doubt", async (t) => {
  const strange = THEIRS.replace("check(dev);", 'LOG(dev, "%" PRIu64 "\\n", %% count);');
  const { made } = await adaptation(t, { "f.c": BASE }, { "f.c": OURS }, { "f.c": strange });
  assert.equal(checkOf(made, "syntax")?.outcome, "passes");
  assert.match(checkOf(made, "syntax")?.detail ?? "", /[1-9] syntax errors, 0 before; upstream's change brings/);
});

test("a file of a folder that has another name here takes the change there", async (t) => {
  const theirs = BASE.replace("charlie(dev);\n", "charlie(dev);\n\tcheck(dev);\n");
  const filler = Array.from({ length: 40 }, (_, i) => `int own_${i};\n`).join("");
  const { made, repo } = await adaptation(
    t,
    { "lib/hash/go.c": BASE, "lib/hash/other.c": "int x;\n" },
    { "lib/old_hash/go.c": filler + OURS, "lib/copy/go.c": "int nothing;\n" },
    { "lib/hash/go.c": theirs, "lib/hash/other.c": "int x;\n" },
  );
  assert.equal(made?.files[0]?.targetPath, "lib/old_hash/go.c");
  assert.equal(made?.files[0]?.hunks[0]?.rule, "file_moved");
  assert.notEqual(made?.confidence, "high");
  assert.equal(await textOf(repo, made, "lib/old_hash/go.c"), filler + OURS.replace("charlie(dev);\n", "charlie(dev);\n\tcheck(dev);\n"));
});

test("a file that the target lacks is dropped when others of the change remain, and only then", async (t) => {
  const gone = "int gone;\n";
  const some = { "f.c": BASE, "gone.c": gone };
  const { made, repo } = await adaptation(
    t,
    some,
    { "f.c": BASE },
    { "f.c": BASE.replace("echo", "foxtrot"), "gone.c": "int gone = 1;\n" },
  );
  assert.equal(await textOf(repo, made, "gone.c"), null);
  assert.equal(made?.files[0]?.hunks[0]?.rule, "file_dropped");
  assert.equal(made?.confidence, "medium");
  const alone = await adaptation(t, some, { "f.c": BASE }, { "f.c": BASE, "gone.c": "int gone = 1;\n" });
  assert.equal(alone.made, null);
});

test("a test that the target lacks is taken whole, with low confidence", async (t) => {
  const before = { "f.c": BASE, "tests/go.py": "assert go() == 1\n" };
  const after = "assert go() == 2\n";
  const { made, repo } = await adaptation(t, before, { "f.c": BASE }, { "f.c": BASE, "tests/go.py": after });
  assert.equal(await textOf(repo, made, "tests/go.py"), after);
  assert.equal(made?.files[0]?.hunks[0]?.rule, "file_taken");
  assert.equal(made?.confidence, "low");
});

test("code that lives in another file of the folder takes the change there", async (t) => {
  const other = `int other;\n\n${OURS}`.replace("bravo(dev, 1)", "bravo(dev)");
  const theirs = BASE.replace("charlie(dev);\n", "charlie(dev);\n\tcheck(dev);\n");
  const { made, repo } = await adaptation(
    t,
    { "net/tx.c": BASE, "net/rx.c": "int rx;\n" },
    { "net/agn.c": other, "net/rx.c": "int rx;\n" },
    { "net/tx.c": theirs, "net/rx.c": "int rx;\n" },
  ).catch((error: Error) => {
    // git itself may follow the rename when the rest is similar enough; then there is nothing to adapt.
    assert.match(error.message, /git must conflict/);
    return { made: null, repo: null };
  });
  if (repo === null) return;
  assert.equal(made?.files[0]?.targetPath, "net/agn.c");
  assert.match((await textOf(repo, made, "net/agn.c")) ?? "", /check\(dev\)/);
});

test("a branch's own changelog stays as it is", async (t) => {
  const { made, repo } = await adaptation(
    t,
    { "f.c": BASE, "debian/changelog": "1.0\n" },
    { "f.c": BASE, "debian/changelog": "1.0-vendor\n" },
    { "f.c": BASE.replace("echo", "foxtrot"), "debian/changelog": "1.1\n" },
  );
  assert.equal(await textOf(repo, made, "debian/changelog"), "1.0-vendor\n");
  assert.equal(await textOf(repo, made, "f.c"), BASE.replace("echo", "foxtrot"));
  assert.equal(made?.files[0]?.hunks[0]?.rule, "changelog_kept");
});

test("binary conflicts are not adapted", async (t) => {
  const { made } = await adaptation(t, { "b.bin": "\0a" }, { "b.bin": "\0b" }, { "b.bin": "\0c" });
  assert.equal(made, null);
});
