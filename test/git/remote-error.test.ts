import assert from "node:assert/strict";
import { test } from "node:test";
import { GitError } from "../../src/git/process.ts";
import { RemoteError, toRemoteError } from "../../src/git/remote-error.ts";

/** What git and ssh print, with the progress lines before it. */
const CASES: readonly (readonly [string, string])[] = [
  ["Receiving objects:  12% (1/8)\rfatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output", "disk-full"],
  [
    "remote: Enumerating objects: 5, done.\nremote: fatal: unable to read 1234567890123456789012345678901234567890\nremote: aborting due to possible repository corruption on the remote side.\nfatal: early EOF",
    "remote-incomplete",
  ],
  ["error: https://h/x did not send all necessary objects", "remote-incomplete"],
  ["fatal: couldn't find remote ref refs/heads/nope", "ref-not-found"],
  ["fatal: Authentication failed for 'https://h/x/'", "remote-refused"],
  ["fatal: could not read Username for 'https://h': terminal prompts disabled", "remote-refused"],
  ["git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.", "remote-refused"],
  ["fatal: unable to access 'https://h/x/': The requested URL returned error: 403", "remote-refused"],
  ["fatal: transport 'ext' not allowed", "remote-refused"],
  ["fatal: unable to access 'https://h/x/': Could not resolve host: h", "remote-unreachable"],
  ["fatal: unable to connect to h:\nh[0: 127.0.0.1]: errno=Connection refused", "remote-unreachable"],
  ["fatal: '/srv/none' does not appear to be a git repository\nfatal: Could not read from remote repository.", "remote-unreachable"],
  ["fetch-pack: unexpected disconnect while reading sideband packet\nfatal: early EOF", "remote-unreachable"],
];

test("failures of git get their code", () => {
  for (const [stderr, code] of CASES) {
    const error = toRemoteError(new GitError(["fetch"], 128, stderr));
    assert.ok(error instanceof RemoteError);
    assert.equal(error.code, code, stderr);
    assert.ok(error.detail !== "" && !error.detail.includes("Receiving") && !error.detail.includes("Enumerating"), error.detail);
  }
});

test("a detail has no credentials, other errors stay what they are", () => {
  const error = new RemoteError("remote-refused", "fatal: unable to access 'https://user:secret@h/x/'");
  assert.ok(!`${error.message} ${error.detail}`.includes("secret"));
  const other = new RangeError("x");
  assert.equal(toRemoteError(other), other);
});
