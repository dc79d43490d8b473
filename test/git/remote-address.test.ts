import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { validateRef, validateRemote } from "../../src/git/remote-address.ts";
import { gitSucceeds } from "./fixture.ts";

const ACCEPTED = [
  "https://git.example.org/pub/linux.git",
  "https://git.example.org:8443/linux",
  "https://user:secret@git.example.org/linux.git",
  "HTTPS://git.example.org/linux.git",
  "ssh://git@git.example.org:2222/~user/linux.git",
  "git@git.example.org:group/linux.git",
  "git.example.org:linux.git",
  "git@[2001:db8::1]:linux.git",
  "git://git.example.org/linux.git",
];

const FILES = ["/srv/git/linux.git", "file:///srv/git/linux.git"];

const NOT_ALLOWED = [
  "ext::whoami",
  "fd::7",
  "http://git.example.org/x",
  "ftp://git.example.org/x",
  "rsync://h/x",
  "helper::https://h/x",
  "git+ssh://h/x",
];

const MALFORMED = [
  "",
  "linux.git",
  "../linux.git",
  "--upload-pack=touch_x",
  "-oProxyCommand=x:y",
  "ssh://-oProxyCommand=x/y",
  "ssh://-lroot@host/y",
  "ssh://%2doProxyCommand=x@host/y",
  "git@host:--upload-pack=x",
  "git@-host:x",
  "-git@host:x",
  "https://host/x?service=git",
  "https://host/x#y",
  "https:///x",
  "https://host\\@other/x",
  "ssh://",
  "https://ho st/x",
  "https://host/x\n",
  "https://host/x\0y",
  "https://host/\u202egit",
  "ext::sh -c whoami",
  "file://host/srv/x",
  `https://host/${"x".repeat(3000)}`,
];

test("addresses of remotes are accepted or refused, each for its reason", () => {
  const reason = (remote: string, allowFile: boolean) => {
    const check = validateRemote(remote, { allowFile });
    return check.ok ? "ok" : check.reason;
  };
  for (const remote of ACCEPTED) assert.equal(reason(remote, false), "ok", remote);
  for (const remote of FILES) assert.deepEqual([reason(remote, false), reason(remote, true)], ["remote-not-allowed", "ok"], remote);
  for (const remote of NOT_ALLOWED) assert.equal(reason(remote, true), "remote-not-allowed", remote);
  for (const remote of MALFORMED) assert.equal(reason(remote, true), "remote-malformed", JSON.stringify(remote));
});

test("a refusal does not repeat credentials", () => {
  const check = validateRemote("https://user:secret@host:port/x", { allowFile: false });
  assert.ok(!check.ok && !check.detail.includes("secret"));
});

test("names of refs are those that git check-ref-format allows", () => {
  const alphabet = fc.constantFrom(..."ab/.-_@{~^:?*[\\ \x7f\x01", "lock", "..", "//", ".lock", "@{", "\xe9");
  const names = fc.array(alphabet, { maxLength: 6 }).map((parts) => parts.join(""));
  const property = fc.property(names, (name) => {
    const expected =
      gitSucceeds("/", ["check-ref-format", `refs/heads/${name}`]) && !name.startsWith("-") && name !== "@" && !name.includes("\0");
    assert.equal(validateRef(name).ok, expected, JSON.stringify(name));
  });
  fc.assert(property, { numRuns: 300, seed: 11 });
  for (const name of ["master", "HEAD", "refs/heads/a/b", "v4.19.90", "lichee-dev"]) assert.ok(validateRef(name).ok, name);
  for (const name of ["--all", "a".repeat(256)]) assert.ok(!validateRef(name).ok, name);
});
