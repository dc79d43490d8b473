import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { GitError } from "../../src/git/process.ts";
import { createLog } from "../../src/log.ts";

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  let text = "";
  write(
    createLog("info", {
      write: (line: string) => {
        text += line;
      },
    }),
  );
  return text;
}

test("no credential reaches the log, wherever it stands", () => {
  const remote = "https://bot:s3cret@git.example.org/linux.git";
  const text = logged((log) => {
    log.info(
      { remote, tree: { remote }, authorization: "Bearer s3cret", req: { headers: { authorization: "s3cret", cookie: "s3cret" } } },
      "x",
    );
    log.warn({ err: new GitError(["fetch", "--end-of-options", remote], 128, `cannot read ${remote}`) }, `failed: ${remote}`);
  });
  assert.doesNotMatch(text, /s3cret/);
  assert.match(text, /cannot read https:\/\/git\.example\.org\/linux\.git/);
});

test("every line stays JSON with what was logged", () => {
  fc.assert(
    fc.property(fc.webUrl(), fc.string(), (url, other) => {
      const line = JSON.parse(logged((log) => log.info({ url, other: `${other}@x` }, "m")));
      assert.equal(line.url, url.replace(/(\w:\/\/)[^\s/@"\\]+@/, "$1"));
      assert.ok(line.other.endsWith("@x"));
    }),
  );
});
