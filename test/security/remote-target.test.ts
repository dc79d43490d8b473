import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openMirror } from "../../src/git/mirror.ts";
import { runGit } from "../../src/git/process.ts";
import { remoteAccess } from "../../src/git/remote-access.ts";
import { remoteHost, validateRemote } from "../../src/git/remote-address.ts";
import { RemoteError } from "../../src/git/remote-error.ts";
import { remoteRefs } from "../../src/git/remote-refs.ts";
import { createAddressGuard } from "../../src/net/address-guard.ts";
import { temporaryDirectory } from "../git/fixture.ts";

const resolvesTo =
  (...addresses: readonly string[]) =>
  (_host: string, _options: object, done: (error: null, found: { address: string; family: number }[]) => void) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );

const guard = createAddressGuard([]);

test("a remote on a private address is refused when it is registered, however it is written", () => {
  const reason = (remote: string, rules = guard) => {
    const check = validateRemote(remote, { allowFile: false, guard: rules });
    return check.ok ? "ok" : check.reason;
  };
  for (const remote of [
    "https://127.0.0.1/x",
    "https://2130706433/x",
    "https://0x7f.1/x",
    "https://[::1]/x",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/x",
    "https://a.localhost/x",
    "ssh://git@10.0.0.1/x",
    "git@192.168.0.1:x",
    "git@[fd00::1]:x",
    "git://127.0.0.1/x",
  ]) {
    assert.equal(reason(remote), "remote-not-allowed", remote);
  }
  assert.equal(reason("https://git.example.org./x"), "remote-malformed");
  assert.equal(reason("https://10.1.2.3/x", createAddressGuard(["10.0.0.0/8"])), "ok");
  for (const remote of ["https://8.8.8.8/x", "git@git.example.org:x", "ssh://git@[2606:4700::1]:22/x"])
    assert.equal(reason(remote), "ok", remote);
});

test("the host of a remote is found in each of its forms", () => {
  assert.equal(remoteHost("https://user:x@git.example.org:8443/linux"), "git.example.org");
  assert.equal(remoteHost("ssh://git@[2001:db8::1]:22/x"), "2001:db8::1");
  assert.equal(remoteHost("git@[2001:db8::1]:linux.git"), "2001:db8::1");
  assert.equal(remoteHost("git.example.org:a:b"), "git.example.org");
  assert.equal(remoteHost("/srv/git"), null);
  assert.equal(remoteHost("file:///srv/git"), null);
});

test("a name that leads to a private address is refused when it is fetched", async () => {
  const inside = createAddressGuard([], resolvesTo("10.0.0.5"));
  for (const remote of ["https://git.example.org/x", "ssh://git@git.example.org/x", "git@git.example.org:x", "git://git.example.org/x"]) {
    await assert.rejects(
      remoteAccess({ allowFile: false, guard: inside })(remote),
      (error) => error instanceof RemoteError && error.code === "remote-not-allowed",
      remote,
    );
  }
});

/** A server that is not to be reached, and tells who came. */
async function listen(t: TestContext, answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test("git connects to the address that was looked at, and not to what the name means by then", async (t) => {
  let came = 0;
  const port = await listen(t, (_request, response) => {
    came += 1;
    response.writeHead(404).end();
  });
  // The real name of this machine stands for the name that has changed its mind: it was looked up as another address.
  const elsewhere = createAddressGuard(["127.0.0.0/8"], resolvesTo("127.0.0.2"));
  const access = remoteAccess({ allowFile: false, guard: elsewhere });
  const { env } = await access(`https://localhost:${port}/x`);
  assert.equal(env.GIT_CONFIG_VALUE_1, `localhost:${port}:127.0.0.2`);
  await assert.rejects(
    runGit(["ls-remote", "--end-of-options", `http://localhost:${port}/x`], { env: { ...env, GIT_ALLOW_PROTOCOL: "http" } }),
  );
  assert.equal(came, 0);
  await assert.rejects(runGit(["ls-remote", "--end-of-options", `http://localhost:${port}/x`], { env: { GIT_ALLOW_PROTOCOL: "http" } }));
  assert.notEqual(came, 0);
});

test("redirections of a remote are not followed, and the problem says where it points", async (t) => {
  let came = 0;
  const inside = await listen(t, (_request, response) => {
    came += 1;
    response.end();
  });
  const port = await listen(t, ({ url = "" }, response) => {
    response.writeHead(302, { location: `http://127.0.0.1:${inside}${url}` }).end();
  });
  const address = `http://localhost:${port}/x.git`;
  const env = { GIT_ALLOW_PROTOCOL: "http" };
  const refs = remoteRefs({ address, env, credential: null, guard: null }, ["HEAD"], AbortSignal.timeout(20_000));
  await assert.rejects(
    refs,
    (error) =>
      error instanceof RemoteError && error.code === "remote-refused" && error.detail.includes(`use http://127.0.0.1:${inside}/x.git`),
  );
  const { env: own } = await remoteAccess({ allowFile: false, guard: createAddressGuard(["127.0.0.0/8"], resolvesTo("127.0.0.1")) })(
    `https://localhost:${port}/x`,
  );
  await assert.rejects(runGit(["ls-remote", "--end-of-options", address], { env: { ...own, ...env } }));
  assert.equal(came, 0);
});

test("the mirror asks no private address for refs", async (t) => {
  const mirror = await openMirror({
    path: join(temporaryDirectory(t), "mirror"),
    allowFile: false,
    guard: createAddressGuard([], resolvesTo("127.0.0.1")),
  });
  t.after(() => mirror.close());
  await assert.rejects(
    mirror.checkRemote("https://git.example.org/x", "main"),
    (error) => error instanceof RemoteError && error.code === "remote-not-allowed",
  );
});
