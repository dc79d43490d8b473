import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { run as askCommits } from "../../eval/commits.ts";
import { containedBy } from "../../eval/contained.ts";
import { run as makePairs } from "../../eval/make-pairs.ts";
import { readPairs } from "../../eval/pairs.ts";
import { run as presence } from "../../eval/presence.ts";
import { joinRepositories } from "../../eval/repos.ts";
import { type Fixture, fixture, textFile } from "./fixture.ts";

const lines = (change: Readonly<Record<number, string>> = {}) =>
  Array.from({ length: 40 }, (_, at) => `${change[at] ?? `\tsetup_part_${at}(device, table_${at});`}\n`).join("");
const [FIRST, SECOND] = [{ 5: "\tmutex_lock(&device->first);" }, { 30: "\tmutex_lock(&device->second);" }];

/** Main has two fixes; the branch takes the first as it is, and the second by another line after a conflict. One reference dangles. */
function history(t: TestContext) {
  const repo = fixture(t);
  const base = repo.commit("base", { "a.c": lines() });
  const first = repo.commit("lock the first table", { "a.c": lines(FIRST) });
  const second = repo.commit("lock the second table", { "a.c": lines({ ...FIRST, ...SECOND }) });
  repo.git("checkout", "--quiet", "-b", "stable", base);
  const own = { 29: "\tsetup_of_vendor(device);" };
  const parent = repo.commit("vendor", { "a.c": lines(own) });
  const name = (oid: string) => `(cherry picked from commit ${oid})`;
  const clean = repo.commit(`lock the first table\n\n${name(first)}`, { "a.c": lines({ ...own, ...FIRST }) });
  const adapted = repo.commit(`lock the second table\n\n${name(second)}`, { "a.c": lines({ ...own, ...FIRST, ...SECOND }) });
  repo.commit(`lost\n\n${name("1".repeat(40))}`, { b: "b\n" });
  return { repo, base, first, second, parent, clean, adapted };
}

const gitDirOf = (repo: Fixture) => join(repo.dir, ".git");

test("pairs: every recorded pick, with what git says of it; presence reads them and finds the origins", async (t) => {
  const { repo, first, second, parent, clean, adapted } = history(t);
  const out = textFile(t, "pairs.tsv", "");
  t.mock.method(console, "log", () => {});
  const figures = await makePairs(["--repo", gitDirOf(repo), "--out", out]);
  assert.deepEqual(figures, { commits: 3, dangling: 1, pairs: 2, samePatchId: 1, clean: 1, treeEqual: 1 });
  const rows = readFileSync(out, "utf8");
  assert.match(rows, new RegExp(`^${clean}\t${first}\t${parent}\tsame-id\t3way-clean\ttree-equal$`, "m"));
  assert.match(rows, new RegExp(`^${adapted}\t${second}\t${clean}\tadapted\tconflict\ttree-differs$`, "m"));
  assert.equal(readPairs(out).length, 2);
  const options = ["--repo", gitDirOf(repo), "--pairs", out];
  const expected = { pairs: 2, found: 1, falsePresent: 0, containedInParent: 0, falseRest: 0 };
  assert.deepEqual(await presence(options), expected);
  assert.deepEqual(await presence([...options, "--squash"]), expected);
});

test("pairs: only references of one convention", async (t) => {
  const { repo } = history(t);
  const out = textFile(t, "pairs.tsv", "");
  await assert.rejects(makePairs(["--repo", gitDirOf(repo), "--out", out, "--convention", "stable-line"]), /names the one that it carries/);
});

test("commits: a running service is asked several times, the first time for warming up", async (t) => {
  const asked: unknown[] = [];
  const tree = { tree: "vendor", ref: "refs/heads/v1", oid: "1".repeat(40) };
  t.mock.method(console, "log", () => {});
  t.mock.method(globalThis, "fetch", async (url: URL, { body }: { body: string }) => {
    asked.push([url.href, JSON.parse(body)]);
    return Response.json({ kind: "commit_list", tree, items: [] });
  });
  const ids = textFile(t, "ids.txt", "1234567\nabcdef0\n");
  const figures = await askCommits(["--url", "http://127.0.0.1:1", "--tree", "vendor", "--ids", ids, "--rounds", "2"]);
  assert.deepEqual([figures.ids, figures.rounds], [2, 2]);
  assert.deepEqual(asked, Array(3).fill(["http://127.0.0.1:1/v1/trees/vendor/commits", { oids: ["1234567", "abcdef0"] }]));
});

test("a change that was picked before is contained, by git's own words", async (t) => {
  const { repo, base, first, second, parent, clean } = history(t);
  repo.git("checkout", "--quiet", "stable");
  const changedLater = repo.commit("other first", { "a.c": lines({ 5: "\tspin_lock(&device->first);" }) });
  const joined = await joinRepositories([gitDirOf(repo)]);
  t.after(joined.remove);
  const ask = (origin: string, tree: string) => containedBy(joined.gitDir, joined.workDir, origin, tree);
  assert.equal(await ask(base, parent), "ancestor");
  assert.equal(await ask(first, clean), "reverse-applies");
  assert.equal(await ask(first, changedLater), "equal-patch");
  assert.equal(await ask(first, parent), null);
  assert.equal(await ask(second, clean), null);
});
