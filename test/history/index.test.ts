import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { HistoryIndex } from "../../src/history/history-index.ts";
import { type IngestTree, ingestHistory } from "../../src/history/ingest.ts";
import { ingestPatches } from "../../src/history/ingest-patches.ts";
import { openIndex } from "../../src/history/open-index.ts";
import { type GitFixture, gitFixture, importCommits, type NewCommit } from "./git-fixture.ts";

const COMMITS = 160;
const FORK = 60;

/** A random history: mostly one parent, some merges and roots, few words, so that questions have several answers. */
function randomHistory(): NewCommit[] {
  const word = fc.constantFrom("probe_client", "Probe_Client", "PROBE_CLIENT", "queue_work", "__queue_work", "list_head", "leak");
  const path = fc.constantFrom("fs/nfsd/state.c", "fs/nfsd/proc.c", "fs/inode.c", "fs.c", "mm/slab.h", "README");
  const content = fc
    .array(fc.tuple(word, word), { maxLength: 6 })
    .map((pairs) => pairs.map(([name, call]) => `int ${name}(void)\n{\n\treturn ${call}();\n}\n\n`).join(""));
  const commit = fc.record({
    shape: fc.integer({ min: 0, max: 19 }),
    back: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 12 })),
    changes: fc.uniqueArray(fc.tuple(path, fc.oneof({ weight: 5, arbitrary: content }, { weight: 1, arbitrary: fc.constant(null) })), {
      selector: ([name]) => name,
      maxLength: 3,
    }),
    subject: fc.tuple(word, word).map((words) => words.join(": ")),
    body: fc.array(word, { maxLength: 3 }).map((words) => words.join(" ")),
    author: fc.tuple(fc.constantFrom("a@example.org", "b@example.org"), fc.integer({ min: 1, max: 9 })),
  });
  const [plan = []] = fc.sample(fc.array(commit, { minLength: COMMITS, maxLength: COMMITS }), { numRuns: 1, seed: 11 });
  return plan.map(({ shape, back, changes, subject, body, author: [email, second] }, at): NewCommit => {
    // After the fork, even and odd places are two branches that never meet again.
    const step = at < FORK ? 1 : 2;
    const [first, other] = back.map((steps) => Math.max(at % step, at - steps * step));
    const isRoot = at === 0 || (shape === 0 && at < 20);
    const parents = isRoot ? [] : shape < 7 && first !== other ? [Number(first), Number(other)] : [Number(first)];
    return {
      parents,
      changes: Object.fromEntries(changes),
      message: `${subject}\n\n${body}\n`,
      author: `Name <${email}> ${1_000_000_000 + second} +0000`,
    };
  });
}

describe("the index answers what git answers", () => {
  let fixture: GitFixture;
  let oids: string[] = [];
  let index: HistoryIndex;
  let upstream = "";
  let vendor = "";
  const git = (...args: string[]) =>
    fixture
      .git(args)
      .trim()
      .split("\n")
      .filter((line) => line !== "");

  before(async () => {
    fixture = gitFixture();
    const history = randomHistory();
    oids = importCommits(fixture, history);
    upstream = oids[COMMITS - 1] ?? "";
    vendor = oids[COMMITS - 2] ?? "";
    const trees: IngestTree[] = [
      { id: "mainline", role: "mainline", headOid: upstream },
      { id: "vendor", role: "vendor", headOid: vendor },
    ];
    const options = { gitDir: fixture.gitDir, indexPath: join(fixture.dir, "index.db"), trees, report: () => {} };
    await ingestHistory(options);
    await ingestPatches(options);
    index = openIndex(options.indexPath);
    oids = git("rev-list", "--topo-order", upstream, vendor);
  });
  after(() => {
    index.close();
    fixture.remove();
  });

  const numsToOids = (nums: readonly number[]) => nums.map((num) => index.commitByNum(num).oid);
  const sorted = (items: readonly string[]) => [...items].sort();

  test("metadata, parents, paths", () => {
    assert.ok(oids.length > COMMITS / 2);
    for (const oid of oids) {
      const commit = index.commit(oid);
      const [fields = ""] = git("show", "-s", "--format=%H%x01%P%x01%an%x01%ae%x01%at%x01%ct%x01%s", oid);
      const paths = git("diff-tree", "-r", "--root", "--no-renames", "--name-only", "--no-commit-id", oid);
      assert.equal(
        [
          commit?.oid,
          commit?.parents.join(" "),
          commit?.authorName,
          commit?.authorEmail,
          commit?.authorDate,
          commit?.committerDate,
          commit?.subject,
        ].join("\x01"),
        fields,
      );
      assert.deepEqual(sorted(index.paths(oid)), sorted(paths));
      assert.equal(commit?.changedFiles, paths.length);
      for (const parent of commit?.parents ?? []) assert.ok((index.commit(parent)?.num ?? Number.POSITIVE_INFINITY) < (commit?.num ?? 0));
    }
    assert.equal(index.commit("1".repeat(40)), null);
  });

  test("abbreviated ids", () => {
    for (const oid of oids) {
      assert.deepEqual(index.resolve(oid), [oid]);
      assert.deepEqual(index.resolve(oid.slice(0, 7)), [oid]);
      const one = index.resolve(oid.slice(0, 1));
      assert.ok(one.length > 0 && one.length <= 10 && one.every((found) => found.startsWith(oid.slice(0, 1))));
    }
    assert.deepEqual(index.resolve("0000000"), []);
  });

  test("reachability of heads and of other commits", () => {
    for (const oid of [upstream, vendor, ...oids.filter((_, at) => at % 10 === 0)]) {
      const reachable = new Set(git("rev-list", oid));
      const set = index.reachable(oid);
      assert.equal(set.size, reachable.size);
      for (const other of oids) {
        assert.equal(index.contains(oid, other), reachable.has(other));
        assert.equal(set.has(index.commit(other)?.num ?? 0), reachable.has(other));
      }
    }
    assert.equal(index.contains(upstream, "1".repeat(40)), false);
    assert.throws(() => index.reachable("1".repeat(40)), RangeError);
  });

  test("ranges", () => {
    const [some = "", older = "", oldest = ""] = [oids[3], oids[40], oids[60]];
    const ranges: readonly (readonly [from: readonly string[], not: readonly string[]])[] = [
      [[upstream], [vendor]],
      [[vendor], [upstream]],
      [[upstream, vendor], []],
      [[some], [older, oldest]],
    ];
    for (const [from, not] of ranges) {
      const expected = git("rev-list", "--no-merges", ...from, ...not.map((oid) => `^${oid}`));
      const nums = index.range(from, not);
      assert.deepEqual(sorted(numsToOids(nums)), sorted(expected));
      assert.deepEqual(
        nums,
        [...nums].sort((a, b) => a - b),
      );
    }
  });

  test("patch-ids and changed lines of the range that matters, and of no other commit", () => {
    const wanted = new Set([...index.range([upstream], [vendor]), ...index.range([vendor], [upstream])]);
    assert.ok(wanted.size > 20 && wanted.size < oids.length);
    assert.equal(index.withPatch([...wanted]), wanted.size);
    assert.equal(index.withPatch(index.range([upstream, vendor], [])), wanted.size);
    for (const oid of oids) {
      const commit = index.commit(oid);
      if (commit === null || !wanted.has(commit.num)) {
        assert.deepEqual([commit?.patchId, commit?.changedLines], [null, null]);
        continue;
      }
      const diff = fixture.git(["diff-tree", "-p", "-r", "--root", "--no-renames", "--full-index", oid]);
      const id = fixture.git(["patch-id", "--stable"], Buffer.from(diff, "latin1")).slice(0, 40);
      assert.equal(commit.patchId ?? "", id);
      if (id !== "") assert.ok(index.byPatchId(id).includes(oid));
      const lines = git("diff-tree", "-r", "--root", "--no-renames", "--numstat", "--no-commit-id", oid).map((line) => line.split("\t"));
      assert.equal(
        commit.changedLines,
        lines.map(([added, removed]) => Number(added) + Number(removed)).reduce((sum, each) => sum + each, 0),
      );
    }
  });

  test("by author and date, by subject", () => {
    for (const oid of oids) {
      const commit = index.commit(oid);
      assert.ok(commit !== null);
      const all = oids.map((each) => index.commit(each)).filter((each) => each !== null);
      const same = all.filter((each) => each.authorEmail === commit.authorEmail && each.authorDate === commit.authorDate);
      assert.deepEqual(sorted(index.byAuthorDate(commit.authorEmail, commit.authorDate)), sorted(same.map((each) => each.oid)));
      const sameSubject = all.filter((each) => each.subject === commit.subject);
      assert.deepEqual(sorted(index.bySubject(commit.subject)), sorted(sameSubject.map((each) => each.oid)));
    }
  });

  test("commits of a file and of a directory, newest first, limited", () => {
    for (const path of ["fs/nfsd/state.c", "fs/nfsd/", "fs/", "fs.c", "mm/", "README"]) {
      const nums = index.commitsOfPath(path, 1000);
      const expected = git("log", "--no-merges", "--full-history", "--format=%H", "--no-renames", upstream, vendor, "--", path);
      assert.ok(expected.length > 0);
      assert.deepEqual(sorted(numsToOids(nums)), sorted(expected));
      assert.deepEqual(
        nums,
        [...nums].sort((a, b) => b - a),
      );
      assert.deepEqual(index.commitsOfPath(path, 2), nums.slice(0, 2));
    }
    assert.deepEqual(index.commitsOfPath("fs", 10), []);
  });

  test("search in messages finds whole identifiers in any letter case", () => {
    for (const word of ["probe_client", "queue_work", "__queue_work", "leak"]) {
      const expected = git("log", "--format=%H", "-i", "-E", `--grep=(^|[^[:alnum:]_])${word}($|[^[:alnum:]_])`, upstream, vendor);
      const matches = index.searchMessages([word], 1000);
      assert.ok(expected.length > 0);
      assert.deepEqual(sorted(matches.map(({ oid }) => oid)), sorted(expected));
      assert.deepEqual(
        matches.map(({ score }) => score),
        matches.map(({ score }) => score).sort((a, b) => b - a),
      );
      assert.equal(index.searchMessages([word], 3).length, 3);
    }
    const both = new Set([...index.searchMessages(["leak"], 1000), ...index.searchMessages(["queue_work"], 1000)].map(({ oid }) => oid));
    assert.equal(index.searchMessages(["leak", "queue_work"], 1000).length, both.size);
    assert.deepEqual(index.searchMessages([], 10), []);
    assert.deepEqual(index.searchMessages(['") OR subject : (leak'], 10).length, 0);
  });

  test("identifiers of changed lines, letter case kept", () => {
    const nums = [...index.range([upstream], [vendor]), ...index.range([vendor], [upstream])].sort((a, b) => a - b);
    for (const word of ["probe_client", "Probe_Client", "PROBE_CLIENT", "queue_work", "__queue_work", "list_head"]) {
      const changing = (sign: string) =>
        nums.filter((num) => {
          const diff = fixture.git(["diff-tree", "-p", "-r", "--root", "--no-renames", index.commitByNum(num).oid]);
          return diff.split("\n").some((line) => new RegExp(`^\\${sign}(?!\\${sign}\\${sign} ).*\\b${word}\\b`).test(line));
        });
      const added = changing("+");
      const removed = changing("-");
      assert.ok(added.length > 0 && removed.length > 0);
      assert.deepEqual(index.commitsAdding(word, 1000), added);
      assert.deepEqual(index.commitsRemoving(word, 1000), removed);
      assert.deepEqual(index.commitsAdding(word, 1), added.slice(0, 1));
      const either = index.searchIdentifiers([word], 1000).map(({ num }) => num);
      assert.deepEqual(
        [...either].sort((a, b) => a - b),
        nums.filter((num) => added.includes(num) || removed.includes(num)),
      );
    }
  });

  test("functions, from the commit and from the name", () => {
    const byCommit = new Map<string, string[]>();
    for (const oid of oids) {
      for (const { path, function: name } of index.functions(oid)) {
        assert.ok(index.paths(oid).includes(path) && path !== "README");
        byCommit.set(name, [...(byCommit.get(name) ?? []), `${oid} ${path}`]);
      }
    }
    assert.ok(byCommit.has("queue_work") && byCommit.has("__queue_work"));
    for (const [name, expected] of byCommit) {
      const found = index.commitsOfFunction(name, 1000);
      assert.deepEqual(sorted(found.map(({ num, path }) => `${index.commitByNum(num).oid} ${path}`)), sorted(expected));
      assert.deepEqual(
        found.map(({ num }) => num),
        found.map(({ num }) => num).sort((a, b) => b - a),
      );
    }
  });
});
