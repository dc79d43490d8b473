import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { RemoteError, type RemoteErrorCode } from "../../src/git/remote-error.ts";
import { remoteRefs } from "../../src/git/remote-refs.ts";
import { buildRepository, file, git, temporaryDirectory } from "./fixture.ts";
import { serveHttp } from "./http-remote.ts";

const NAMES = ["refs/heads/main", "refs/heads/maintenance", "refs/tags/v1", "refs/tags/light", "refs/heads/none"];
const access = (address: string, GIT_ALLOW_PROTOCOL = "file") => ({ address, env: { GIT_ALLOW_PROTOCOL }, credential: null, guard: null });

function remote(t: TestContext): string {
  const bare = buildRepository(join(temporaryDirectory(t), "bare"), [
    { ref: "refs/heads/main", parents: [], files: new Map([["f", file("1\n")]]) },
    { ref: "refs/heads/main-2", parents: ["refs/heads/main"], files: new Map([["f", file("2\n")]]) },
  ]);
  git(bare, ["tag", "-a", "-m", "one", "v1", "main"]);
  git(bare, ["tag", "-a", "-m", "a tag of a tag", "nested", "v1"]);
  git(bare, ["tag", "light", "main-2"]);
  return bare;
}

const failsWith = (code: RemoteErrorCode) => (error: unknown) => error instanceof RemoteError && error.code === code;

test("over http and through git the same refs are found, tags resolved to commits", async (t) => {
  const bare = remote(t);
  const address = await serveHttp(t, bare);
  const [main = "", second = ""] = git(bare, ["rev-parse", "main", "main-2"]).split("\n");
  const expected = [
    { ref: "refs/heads/main", oid: main },
    { ref: "refs/tags/light", oid: second },
    { ref: "refs/tags/nested", oid: main },
    { ref: "refs/tags/v1", oid: main },
  ];
  const signal = AbortSignal.timeout(20_000);
  for (const url of [bare, `file://${bare}`, `${address}/repo.git`]) {
    const refs = await remoteRefs(access(url), [...NAMES, "refs/tags/nested"], signal);
    assert.deepEqual(
      refs.toSorted((a, b) => a.ref.localeCompare(b.ref)),
      expected,
      url,
    );
    const tags = await remoteRefs(access(url), ["refs/tags/"], signal);
    assert.deepEqual(tags.map(({ ref, oid }) => `${ref} ${oid}`).sort(), [
      `refs/tags/light ${second}`,
      `refs/tags/nested ${main}`,
      `refs/tags/v1 ${main}`,
    ]);
    assert.deepEqual(await remoteRefs(access(url), ["HEAD"], signal), [{ ref: "HEAD", oid: main }], url);
  }
});

test("a remote that is not there, refuses or says nothing is told apart", async (t) => {
  const bare = remote(t);
  const address = await serveHttp(t, bare);
  const signal = AbortSignal.timeout(20_000);
  await assert.rejects(remoteRefs(access(`${address}/other.git`), NAMES, signal), failsWith("remote-unreachable"));
  await assert.rejects(remoteRefs(access(`${address}/private.git`), NAMES, signal), failsWith("remote-refused"));
  await assert.rejects(remoteRefs(access("http://127.0.0.1:9/x"), NAMES, signal), failsWith("remote-unreachable"));
  await assert.rejects(remoteRefs(access(join(bare, "none")), NAMES, signal), failsWith("remote-unreachable"));
  await assert.rejects(remoteRefs(access(bare, "https"), NAMES, signal), failsWith("remote-refused"));
  await assert.rejects(remoteRefs(access(`${address}/hang.git`), NAMES, AbortSignal.timeout(200)), {
    name: "TimeoutError",
  });
});
