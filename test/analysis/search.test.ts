import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { type SearchQuestion, searchCommits } from "../../src/analysis/search.ts";
import { readSearchTerms } from "../../src/analysis/search-terms.ts";
import type { HistoryIndex } from "../../src/history/history-index.ts";
import { ingestHistory } from "../../src/history/ingest.ts";
import { ingestPatches } from "../../src/history/ingest-patches.ts";
import { openIndex } from "../../src/history/open-index.ts";
import { gitFixture, importCommits, type NewCommit } from "../history/git-fixture.ts";

const body = (text: string) => `int ring_open(void)\n{\n\t${text}\n}\n`;
/** Committed at 1000000001 + place. */
const STORY: readonly (NewCommit & { readonly name: string })[] = [
  { name: "base", parents: [], changes: { "net/ring.c": body("return 0;"), "doc/a": "a\n" }, message: "base\n" },
  {
    name: "fix",
    parents: [0],
    changes: { "net/ring.c": body("return ring_check();") },
    message: "net: fix the crash\n\nSeen in queue_run.\n",
    author: "Zoe Q. Doe <zoe@example.com> 1000000000 +0000",
  },
  { name: "mention", parents: [1], changes: { "doc/a": "b\n" }, message: "doc: tell of ring_open\n\nIt is a crash no more.\n" },
  { name: "other", parents: [2], changes: { "mm/page.c": "int page;\n" }, message: "mm: a page\n" },
  { name: "picked", parents: [0], changes: { "net/ring.c": body("return ring_check();") }, message: "vendor: another text\n" },
];

interface Story {
  readonly index: HistoryIndex;
  readonly oid: (name: string) => string;
  readonly search: (query: string, more?: Partial<SearchQuestion>) => ReturnType<typeof searchCommits>;
  readonly names: (query: string, more?: Partial<SearchQuestion>) => string[];
}

/** Upstream has all but the last commit, which the vendor tree has instead: the fix by its patch-id. */
async function story(t: TestContext, commits: readonly (NewCommit & { readonly name: string })[] = STORY): Promise<Story> {
  const fixture = gitFixture();
  t.after(fixture.remove);
  const oids = importCommits(fixture, commits);
  const oid = (name: string) => oids[commits.findIndex((commit) => commit.name === name)] ?? "";
  const vendor = oids.at(-1) ?? "";
  const upstream = oids.at(-2) ?? "";
  for (const [name, head] of Object.entries({ vendor, upstream })) fixture.git(["update-ref", `refs/heads/${name}`, head]);
  const trees = [
    { id: "main", role: "mainline" as const, headOid: upstream },
    { id: "vendor", role: "vendor" as const, headOid: vendor },
  ];
  const options = { gitDir: fixture.gitDir, indexPath: join(fixture.dir, "index.sqlite"), trees, report: () => {} };
  await ingestHistory(options);
  await ingestPatches(options);
  const index = openIndex(options.indexPath);
  t.after(() => index.close());
  const pin = (tree: string, head: string) => ({ tree, ref: tree, oid: head });
  const search: Story["search"] = (query, more = {}) =>
    searchCommits(index, {
      terms: readSearchTerms(query),
      target: pin("vendor", vendor),
      upstreams: [pin("main", upstream)],
      since: null,
      until: null,
      path: null,
      sort: "relevance",
      after: null,
      limit: 100,
      ...more,
    });
  const names: Story["names"] = (query, more) =>
    search(query, more).hits.map((hit) => commits[oids.indexOf(hit.oid)]?.name ?? `${hit.oid} is not of the story`);
  return { index, oid, search, names };
}

test("a term finds commits by function, name in changed lines, subject, message, path, author and id", async (t) => {
  const { oid, search, names } = await story(t);
  assert.deepEqual(names("ring_check"), ["fix"], "identifier of a changed line");
  assert.deepEqual(names("queue_run"), ["fix"], "word of the message");
  assert.deepEqual(names("ring_open()").sort(), ["fix", "mention"], "changed function, subject");
  assert.deepEqual(names("mm/page.c"), ["other"]);
  assert.deepEqual(names("net").sort(), ["base", "fix"], "folder name, subject");
  assert.deepEqual(names("net/").sort(), ["base", "fix"]);
  for (const who of ["Zoe", "doe", "zoe", "zoe@example.com"]) assert.deepEqual(names(who), ["fix"], who);
  assert.deepEqual(names(oid("fix").slice(0, 9).toUpperCase()), ["fix"]);
  const hit = search("ring_open").hits[0];
  assert.equal(hit?.oid, oid("fix"), "changing a function says more than naming it");
  assert.deepEqual(hit?.matched, ["function"]);
});

test("a hit has every term; days, paths and merges narrow it down", async (t) => {
  const { names, search } = await story(t);
  assert.deepEqual(names("crash").sort(), ["fix", "mention"]);
  assert.deepEqual(names("crash net"), ["fix"]);
  assert.deepEqual(names("crash page"), []);
  assert.deepEqual(names("crash", { since: 1000000003 }), ["mention"]);
  assert.deepEqual(names("crash", { until: 1000000002 }), ["fix"]);
  assert.deepEqual(names("crash", { path: "net" }), ["fix"]);
  assert.deepEqual(names("crash", { path: "doc/a" }), ["mention"]);
  assert.deepEqual(names("crash", { path: "nowhere" }), []);
  assert.equal(search("crash").total, 2);
});

test("presence comes from the index alone and names its route", async (t) => {
  const { search } = await story(t);
  const presence = (query: string) => search(query).hits.map((hit) => [hit.presence.state, hit.presence.route]);
  assert.deepEqual(presence("base"), [["present", "ancestor"]]);
  assert.deepEqual(presence("queue_run"), [["equivalent", "patch-id"]]);
  assert.deepEqual(presence("mm/page.c"), [["absent", null]]);
});

test("commits that refer to an id are found by it", async (t) => {
  const known = await story(t);
  const fix = known.oid("fix");
  const later = { name: "later", parents: [3], changes: { "doc/a": "c\n" }, message: `doc: more\n\nFixes: ${fix.slice(0, 12)} ("net")\n` };
  const { names } = await story(t, [...STORY.slice(0, 4), later, ...STORY.slice(4)]);
  assert.deepEqual(names(fix).sort(), ["fix", "later"]);
});

test("pages follow each other without gap or repetition, in both orders", async (t) => {
  const many = Array.from({ length: 37 }, (_, at) => ({
    name: `c${at}`,
    parents: at === 0 ? [] : [at - 1],
    changes: { [`f${at % 5}.c`]: `int x${at};\n` },
    message: at % 3 === 0 ? `word ${at}\n` : `other ${at}\n\nword\n`,
  }));
  const fork = { name: "vendor", parents: [0], changes: { v: "v\n" }, message: "vendor\n" };
  const { search, names } = await story(t, [...many, fork]);
  for (const sort of ["relevance", "newest"] as const) {
    const whole = names("word", { sort });
    assert.equal(whole.length, 37);
    const paged: string[] = [];
    let after: SearchQuestion["after"] = null;
    do {
      const page = search("word", { sort, after, limit: 5 });
      assert.equal(page.total, 37);
      paged.push(...names("word", { sort, after, limit: 5 }));
      after = page.next;
    } while (after !== null);
    assert.deepEqual(paged, whole, sort);
  }
  assert.deepEqual(names("word", { sort: "newest" }).slice(0, 2), ["c36", "c35"]);
});

test("nothing in a query is syntax of the index", async (t) => {
  const { search, names } = await story(t);
  for (const query of [
    'crash" OR subject:page',
    "crash NOT net",
    "crash AND",
    "NEAR(crash net)",
    "cra*",
    '"',
    "subject : crash",
    "{a b}: c",
  ])
    assert.doesNotThrow(() => search(query), query);
  assert.deepEqual(names("cra*"), [], "a star completes nothing");
  assert.deepEqual(names("crash NOT net"), [], "NOT is a word, which no commit has");
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (query) => {
      const terms = readSearchTerms(query);
      assert.deepEqual(readSearchTerms(terms.map(({ text }) => text).join(" ")), terms, "terms read again are the same terms");
      search(query);
    }),
    { numRuns: 300, seed: 8 },
  );
});
