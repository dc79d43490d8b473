import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CredentialsError, findCredential, readCredentials } from "../../src/git/credentials.ts";
import { gitEnvironment, runGit } from "../../src/git/process.ts";
import { remoteAccess } from "../../src/git/remote-access.ts";
import { RemoteError } from "../../src/git/remote-error.ts";
import { remoteRefs } from "../../src/git/remote-refs.ts";
import { buildRepository, file, git, temporaryDirectory } from "./fixture.ts";

const SECRET = "p%40ss-w0rd";
const PLAIN = "p@ss-w0rd";

function credentialsFile(t: TestContext, text: string, mode = 0o600): string {
  const path = join(temporaryDirectory(t), "credentials");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

test("the credential of an address is that of its scheme, host, port, user and path", async (t) => {
  const stored = await readCredentials(
    credentialsFile(
      t,
      `# robots\n\nhttps://bot:${SECRET}@git.example.org\nhttps://team:two@git.example.org/team/\nhttps://other:three@git.example.org:8443\nhttp://plain:four@git.example.org\n`,
    ),
  );
  const userOf = (address: string) => findCredential(stored, new URL(address))?.username ?? null;
  assert.deepEqual(findCredential(stored, new URL("https://git.example.org/linux.git")), { username: "bot", password: PLAIN });
  assert.equal(userOf("https://git.example.org:443/linux.git"), "bot");
  assert.equal(userOf("https://git.example.org/team/linux.git"), "team");
  assert.equal(userOf("https://git.example.org/teammate/linux.git"), "bot");
  assert.equal(userOf("https://bot@git.example.org/team/linux.git"), "bot");
  assert.equal(userOf("https://nobody@git.example.org/linux.git"), null);
  assert.equal(userOf("https://git.example.org:8443/x"), "other");
  assert.equal(userOf("http://git.example.org/x"), "plain");
  for (const address of ["https://example.org/x", "https://git.example.org.evil.example/x", "https://git.example.org:444/x"]) {
    assert.equal(userOf(address), null, address);
  }
});

test("a file that others may read, is broken or absent is refused without telling what is in it", async (t) => {
  const refused = (error: unknown) =>
    error instanceof CredentialsError && !error.message.includes("p%40ss") && !error.message.includes("/");
  for (const mode of [0o640, 0o604, 0o660]) {
    await assert.rejects(readCredentials(credentialsFile(t, `https://bot:${SECRET}@git.example.org\n`, mode)), refused);
  }
  for (const line of [
    `bot:${SECRET}`,
    "https://git.example.org",
    `ssh://bot:${SECRET}@git.example.org`,
    "https://bot:a%0ab@git.example.org",
  ]) {
    await assert.rejects(readCredentials(credentialsFile(t, `${line}\n`)), refused);
  }
  await assert.rejects(readCredentials(join(temporaryDirectory(t), "none")), refused);
  const access = remoteAccess({ allowFile: false, credentialsFile: credentialsFile(t, "x\n") });
  await assert.rejects(access("https://git.example.org/x"), (error) => error instanceof RemoteError && error.code === "remote-refused");
  assert.equal((await access("ssh://git@git.example.org/x")).credential, null);
});

test("git itself gets the credential for this host and for no other, and an address loses its secret", async (t) => {
  const credentials = credentialsFile(t, `https://bot:${SECRET}@git.example.org\n`);
  const { address, env } = await remoteAccess({ allowFile: false, credentialsFile: credentials })("https://git.example.org/linux.git");
  assert.equal(address, "https://git.example.org/linux.git");
  const fill = (host: string) => {
    const input = `protocol=https\nhost=${host}\n\n`;
    return execFileSync("git", ["credential", "fill"], { env: gitEnvironment(env), input, stdio: ["pipe", "pipe", "ignore"] }).toString();
  };
  assert.equal(fill("git.example.org"), `protocol=https\nhost=git.example.org\nusername=bot\npassword=${PLAIN}\n`);
  assert.ok(!fill("evil.example.org").includes(PLAIN));

  const access = remoteAccess({ allowFile: false });
  const cases = [
    ["https://bot:secret@h/x.git", "https://h/x.git", { username: "bot", password: "secret" }],
    ["https://token@h/x.git", "https://h/x.git", { username: "token", password: "" }],
    ["ssh://git:secret@h/x.git", "ssh://git@h/x.git", null],
    ["git@h:x.git", "git@h:x.git", null],
    ["git://h/x.git", "git://h/x.git", null],
  ] as const;
  for (const [given, clean, credential] of cases) {
    const found = await access(given);
    assert.deepEqual([found.address, found.credential], [clean, credential]);
  }
});

/** Serves a repository over smart http to whoever knows the password; keeps what it was asked. */
async function privateServer(t: TestContext, repository: string): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(String(request.headers.authorization));
    if (request.headers.authorization !== `Basic ${Buffer.from(`bot:${PLAIN}`).toString("base64")}`) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
      return;
    }
    const advertise = request.url?.includes("/info/refs") ?? false;
    const flags = advertise ? ["--stateless-rpc", "--http-backend-info-refs"] : ["--stateless-rpc"];
    const child = spawn("git", ["upload-pack", ...flags, repository], {
      env: { PATH: process.env.PATH, GIT_PROTOCOL: String(request.headers["git-protocol"] ?? "") },
      stdio: ["pipe", "pipe", "ignore"],
    });
    response.writeHead(200, { "content-type": `application/x-git-upload-pack-${advertise ? "advertisement" : "result"}` });
    request.pipe(child.stdin);
    child.stdout.pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

test("a private remote answers with the credential of the file, to the question for refs and to git", async (t) => {
  const bare = buildRepository(join(temporaryDirectory(t), "bare"), [
    { ref: "refs/heads/main", parents: [], files: new Map([["f", file("1\n")]]) },
  ]);
  const { url } = await privateServer(t, bare);
  const credentials = credentialsFile(t, `${url.replace("://", `://bot:${SECRET}@`)}\n`);
  const signal = AbortSignal.timeout(20_000);
  const remote = await remoteAccess({ allowFile: false, credentialsFile: credentials })(`${url}/repo.git`);
  const main = git(bare, ["rev-parse", "main"]);
  assert.deepEqual(await remoteRefs(remote, ["refs/heads/main"], signal), [{ ref: "refs/heads/main", oid: main }]);
  const env = { ...remote.env, GIT_ALLOW_PROTOCOL: "http" };
  assert.match(String(await runGit(["ls-remote", remote.address], { env, signal })), new RegExp(`^${main}\tHEAD$`, "m"));
  const before = readFileSync(credentials, "utf8");

  writeFileSync(credentials, before.replace(SECRET, "wrong"));
  const wrong = await remoteAccess({ allowFile: false, credentialsFile: credentials })(`${url}/repo.git`);
  const isRefused = (error: unknown) => error instanceof RemoteError && error.code === "remote-refused";
  await assert.rejects(remoteRefs(wrong, ["refs/heads/main"], signal), isRefused);
  await assert.rejects(runGit(["ls-remote", wrong.address], { env: { ...wrong.env, GIT_ALLOW_PROTOCOL: "http" }, signal }), (error) => {
    return !String(error).includes("wrong@") && /Authentication failed/.test(String(error));
  });
  assert.equal(readFileSync(credentials, "utf8"), before.replace(SECRET, "wrong"), "git did not take the line out of the file");
});

test("ssh gets the key and the known hosts, from plain paths only", async () => {
  const access = remoteAccess({ allowFile: false, sshKeyFile: "/etc/backportd/id", sshKnownHostsFile: "/etc/backportd/hosts" });
  const { env } = await access("ssh://git@git.example.org/linux.git");
  assert.match(env.GIT_SSH_COMMAND ?? "", / -oIdentitiesOnly=yes -i \/etc\/backportd\/id /);
  assert.match(env.GIT_SSH_COMMAND ?? "", / -oStrictHostKeyChecking=yes -oUserKnownHostsFile=\/etc\/backportd\/hosts$/);
  for (const sshKeyFile of ["/a b", "/a;true", "/$(true)", "/a'b", "-oProxyCommand=true"]) {
    assert.throws(() => remoteAccess({ allowFile: false, sshKeyFile }), { name: "CredentialsError" });
  }
});
