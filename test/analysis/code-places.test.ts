import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { findDefinitions } from "../../src/analysis/code-places.ts";
import type { AnalysisContext } from "../../src/analysis/context.ts";
import { openRepository } from "../../src/git/open-repository.ts";
import { openSourceIndex } from "../../src/source/source-index.ts";
import { gitFixture, importCommits } from "../history/git-fixture.ts";

const CHANGES = {
  "fs/a.c": "static int\nopen_a(struct file *f)\n{\n\treturn call_b(f);\n}\n",
  "fs/b.c": "int call_b(struct file *f)\n{\n\treturn 0;\n}\nEXPORT_SYMBOL(call_b);\n",
  "fs/c.c": "int call_b(struct file *f)\n{\n\treturn open_a(f);\n}\n",
  "include/b.h": "extern int call_b(struct file *f);\nstatic inline int in_header(void)\n{\n}\n",
};

test("definitions are the same from the index and from git grep, and the index needs no git grep", async (t) => {
  const fixture = gitFixture();
  const repo = openRepository({ gitDir: fixture.gitDir, scratchDir: join(fixture.dir, "scratch") });
  const sources = openSourceIndex(join(fixture.dir, "source.sqlite"), repo);
  t.after(async () => {
    sources.close();
    await repo.close();
    fixture.remove();
  });
  const [oid = ""] = importCommits(fixture, [{ parents: [], changes: CHANGES }]);
  const targetTree = fixture.git(["rev-parse", `${oid}^{tree}`]).trim();
  let greps = 0;
  const counting = {
    ...repo,
    grepWords: (...args: Parameters<typeof repo.grepWords>) => {
      greps += 1;
      return repo.grepWords(...args);
    },
  };
  // Only what the function under test reads; no commit tells where a function lies.
  const index = { commitsOfFunction: () => [] };
  const ctx = { repo: counting, index, sources, targetTree } as unknown as AnalysisContext;
  const names = ["open_a", "call_b", "in_header", "absent"];
  const byGrep = await findDefinitions(ctx, names);
  assert.equal(greps, 1);
  await sources.ensureHead(targetTree);
  assert.deepEqual(await findDefinitions(ctx, names), byGrep);
  assert.equal(greps, 1);
  assert.deepEqual(
    byGrep.map(({ name, path }) => `${name} ${path}`),
    ["open_a fs/a.c", "call_b fs/b.c", "call_b fs/c.c"],
  );
});
