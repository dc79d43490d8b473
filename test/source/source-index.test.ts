import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { type ObjectReader, openObjectReader } from "../../src/git/object-reader.ts";
import { listTree } from "../../src/git/queries.ts";
import { ingestSources } from "../../src/source/ingest-sources.ts";
import { openSourceIndex, type SourceIndex, type SourceRepository, sourceIndexPath } from "../../src/source/source-index.ts";
import { tokenTable } from "../../src/source/token-table.ts";
import { packAscending, unpackAscending } from "../../src/source/varints.ts";
import { type FileChange, type GitFixture, gitFixture, importCommits, removeObject } from "../history/git-fixture.ts";

const FILES: Readonly<Record<string, FileChange>> = {
  "fs/one.c": "#include <a.h>\nstatic int one_open(struct one *o)\n{\n\treturn o->count + two_size(o) + 0x1f; /* only_comment */\n}\n",
  "fs/two.c": 'int two_size(void *p)\n{\n\tpr_info("quoted_word %d\\n", one_open(p));\n\treturn 0;\n}\n',
  "fs/copy.c": 'int two_size(void *p)\n{\n\tpr_info("quoted_word %d\\n", one_open(p));\n\treturn 0;\n}\n',
  "include/a.h": "#define ONE_MAX 4\nstruct one {\n\tint count;\n};\n/* a_b-c_d é x9 9x _ */\n",
  "arch/entry.S": "ENTRY(low_entry)\n\tmov r0, r1 @ one_open\n",
  Kconfig: "config ONE_MAX\n",
  "fs/binary.c": Buffer.from("int in_binary;\0int x;\n", "latin1"),
  "empty.h": "",
};

describe("source index", () => {
  let fixture: GitFixture;
  let reader: ObjectReader;
  let index: SourceIndex;
  let path = "";
  let read: string[] = [];
  let repo: SourceRepository;

  beforeEach(() => {
    fixture = gitFixture();
    path = join(fixture.dir, "source.sqlite");
    reader = openObjectReader({ gitDir: fixture.gitDir });
    read = [];
    const blob = (oid: string) => {
      read.push(oid);
      return reader.blob(oid);
    };
    repo = { blob, list: (tree) => listTree({ gitDir: fixture.gitDir }, 10_000, tree) };
    index = openSourceIndex(path, repo);
  });
  afterEach(async () => {
    index.close();
    await reader.close();
    fixture.remove();
  });

  function commit(changes: Readonly<Record<string, FileChange>>, parents: readonly string[] = []): { oid: string; tree: string } {
    const [oid = ""] = importCommits(fixture, [{ parents, changes }]);
    return { oid, tree: fixture.git(["rev-parse", `${oid}^{tree}`]).trim() };
  }
  function grep(tree: string, word: string): string[] {
    try {
      const found = fixture.git(["grep", "-l", "-w", "-F", "-I", "-z", "-e", word, tree, "--", "*.[chS]"]);
      return found.split("\0").flatMap((line) => (line === "" ? [] : [line.slice(tree.length + 1)]));
    } catch {
      return [];
    }
  }

  test("finds the files that git grep finds, for every word", async () => {
    const { tree } = commit(FILES);
    await index.ensureHead(tree);
    const words = new Set(Object.values(FILES).flatMap((content) => String(content).match(/[A-Za-z_]\w*/g) ?? []));
    assert.ok(words.size > 30);
    for (const word of [...words, "absent", "one_ope", "ne_open"]) {
      assert.deepEqual(index.filesWith(tree, word), grep(tree, word), word);
      assert.equal(index.has(tree, word), grep(tree, word).length > 0, word);
    }
  });

  test("a second head costs its changed blobs, and each head has its own answers", async () => {
    const first = commit(FILES);
    await index.ensureHead(first.tree);
    read = [];
    const second = commit({ "fs/two.c": "int two_size(void)\n{\n\treturn new_name;\n}\n", "fs/one.c": null }, [first.oid]);
    await index.ensureHead(second.tree);
    assert.equal(read.length, 1);
    assert.deepEqual(index.filesWith(second.tree, "one_open"), ["arch/entry.S", "fs/copy.c"]);
    assert.deepEqual(index.filesWith(first.tree, "one_open"), ["arch/entry.S", "fs/copy.c", "fs/one.c", "fs/two.c"]);
    assert.equal(index.has(first.tree, "new_name"), false);
    assert.equal(index.has(second.tree, "new_name"), true);
    read = [];
    await index.ensureHead(first.tree);
    assert.deepEqual(read, []);
  });

  test("tells definitions, parses each blob once, and finds system calls under the name they get", async () => {
    const { tree } = commit({ ...FILES, "fs/rw.c": "SYSCALL_DEFINE3(read, unsigned int, fd)\n{\n\treturn read;\n}\n" });
    await index.ensureHead(tree);
    const places = async (name: string) =>
      (await index.definitions(tree, name))?.map((one) => `${one.path}:${one.line} ${one.kind} ${one.of}`);
    assert.deepEqual(await places("two_size"), ["fs/copy.c:1 function null", "fs/two.c:1 function null"]);
    assert.deepEqual(await places("one_open"), ["fs/one.c:2 function null"]);
    assert.deepEqual(await places("count"), ["include/a.h:3 member one"]);
    assert.deepEqual(await places("one"), ["include/a.h:2 struct null"]);
    assert.deepEqual(await places("ONE_MAX"), ["include/a.h:1 macro null"]);
    assert.deepEqual(await places("low_entry"), ["arch/entry.S:1 function null"]);
    assert.deepEqual(await places("sys_read"), ["fs/rw.c:1 function null"]);
    assert.deepEqual(await places("pr_info"), []);
    read = [];
    assert.deepEqual(await places("two_size"), ["fs/copy.c:1 function null", "fs/two.c:1 function null"]);
    assert.deepEqual(read, []);
    assert.deepEqual(await index.definitions(tree, "count", ["function", "macro"]), []);
  });

  test("cannot tell what it was not given, and what the repository lacks", async () => {
    const { tree } = commit(FILES);
    assert.equal(index.has(tree, "one_open"), null);
    assert.equal(index.filesWith(tree, "one_open"), null);
    assert.equal(await index.definitions(tree, "one_open"), null);
    const blob = fixture.git(["rev-parse", `${tree}:include/a.h`]).trim();
    const bytes = fixture.git(["cat-file", "blob", blob]);
    removeObject(fixture, blob);
    await index.ensureHead(tree);
    assert.equal(index.has(tree, "one_open"), null);
    fixture.git(["hash-object", "-w", "--stdin"], Buffer.from(bytes, "latin1"));
    await index.ensureHead(tree);
    assert.equal(index.has(tree, "ONE_MAX"), true);
  });

  test("an interrupted run leaves nothing half done", async () => {
    const { tree } = commit(FILES);
    const stop = new AbortController();
    stop.abort();
    await assert.rejects(index.ensureHead(tree, { signal: stop.signal }), /abort/i);
    assert.equal(index.has(tree, "one_open"), null);
    await index.ensureHead(tree);
    assert.equal(index.has(tree, "one_open"), true);
  });

  test("a damaged or lost file is begun anew, while others have it open", async () => {
    const { tree } = commit(FILES);
    await index.ensureHead(tree);
    const other = openSourceIndex(path, repo);
    assert.equal(other.has(tree, "one_open"), true);
    index.close();
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    const bytes = readFileSync(path);
    for (const damaged of [bytes.fill(0x5a, 8192), Buffer.from("no database"), bytes.subarray(0, 3000)]) {
      rmSync(path, { force: true });
      writeFileSync(path, damaged);
      index = openSourceIndex(path, repo);
      assert.equal(index.has(tree, "one_open"), null);
      await index.ensureHead(tree);
      assert.deepEqual(index.filesWith(tree, "one_open"), grep(tree, "one_open"));
      assert.equal(other.has(tree, "one_open"), true);
      index.close();
      for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    }
    rmSync(path);
    index = openSourceIndex(path, repo);
    assert.equal(other.has(tree, "one_open"), null);
    other.close();
  });

  test("indexes the heads of a repository beside its history index, and leaves out one that cannot be listed", async () => {
    const whole = commit(FILES);
    const broken = commit({ "lib/a.c": "int lib_a;\n" });
    removeObject(fixture, fixture.git(["rev-parse", `${broken.oid}:lib`]).trim());
    const logged: string[] = [];
    const trees = [{ headOid: broken.oid }, { headOid: "1".repeat(40) }, { headOid: whole.oid }];
    const indexPath = join(fixture.dir, "sub.sqlite");
    await ingestSources({ gitDir: fixture.gitDir, indexPath, trees, log: (message) => logged.push(message) });
    assert.equal(logged.length, 1);
    assert.ok(existsSync(sourceIndexPath(indexPath)));
    const built = openSourceIndex(sourceIndexPath(indexPath), repo);
    assert.equal(built.has(whole.tree, "one_open"), true);
    assert.equal(built.has(broken.tree, "lib_a"), null);
    built.close();
  });
});

test("the token table holds every identifier with its blobs, for any text", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.constantFrom(
      "struct foo {\n",
      "/* a\n",
      " */ ",
      "//x\n",
      "#define A_B 1\n",
      "int f(",
      ")\n{\n",
      "typedef u8 x;\n",
      "a b\tc\\\n",
      "0x12ab ",
    ),
  );
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(fc.array(text, { maxLength: 6 }), (texts) => {
      const table = tokenTable();
      const expected = new Map<string, Set<number>>();
      for (const [at, one] of texts.entries()) {
        const bytes = Buffer.from(one, "utf8");
        table.add(bytes, at * 3 + 1);
        for (const [word] of bytes.toString("latin1").matchAll(/(?<![A-Za-z0-9_])[A-Za-z_][A-Za-z0-9_]*/g)) {
          expected.set(word, (expected.get(word) ?? new Set()).add(at * 3 + 1));
        }
      }
      const found = [...table.postings()];
      assert.deepEqual(new Map(found.map(({ name, holders }) => [name, new Set(holders)])), expected);
      assert.deepEqual(
        found.map(({ name }) => name),
        [...expected.keys()].sort(),
      );
      for (const { holders, definers } of found) assert.ok(definers.every((blob) => holders.includes(blob)));
    }),
  );
});

test("many distinct names and blobs keep their order", () => {
  const table = tokenTable();
  for (let blob = 1; blob <= 300; blob++) {
    const words = Array.from({ length: 1000 }, (_, at) => `name_${(blob * 997 + at) % 150_000}`);
    table.add(Buffer.from(words.join(" ")), blob);
  }
  let pairs = 0;
  let before = "";
  for (const { name, holders } of table.postings()) {
    assert.ok(before < name);
    assert.deepEqual(
      [...holders],
      [...holders].sort((a, b) => a - b),
    );
    before = name;
    pairs += holders.length;
  }
  assert.equal(pairs, 300_000);
  assert.equal(table.pairs(), 300_000);
});

test("packed numbers come back", () => {
  const ascending = fc.uniqueArray(fc.nat({ max: 2 ** 31 - 1 }), { maxLength: 50 }).map((list) => list.sort((a, b) => a - b));
  fc.assert(
    fc.property(ascending, (list) => {
      const base = list[0] ?? 0;
      assert.deepEqual(unpackAscending(packAscending(Int32Array.from(list), base), base), list);
    }),
  );
});
