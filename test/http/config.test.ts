import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { ConfigError, isLoopback, readConfig } from "../../src/config.ts";

test("without settings the service listens on 127.0.0.1:8080, keeps its data in ./data and refuses file remotes", () => {
  const { host, port, data, allowFileRemotes, bodyLimit } = readConfig({});
  assert.deepEqual(
    { host, port, data, allowFileRemotes, bodyLimit },
    { host: "127.0.0.1", port: 8080, data: resolve("data"), allowFileRemotes: false, bodyLimit: 8 * 1024 * 1024 },
  );
});

test("settings are read from the environment", () => {
  const config = readConfig({
    BACKPORTD_PORT: "0",
    BACKPORTD_ALLOW_FILE_REMOTES: "1",
    BACKPORTD_ALLOWED_HOSTS: "a.example.org, b.example.org",
    BACKPORTD_ANALYSIS_TIMEOUT: "90",
    DATABASE_URL: "",
  });
  assert.deepEqual(
    [config.port, config.allowFileRemotes, config.allowedHosts, config.analysisTimeout],
    [0, true, ["a.example.org", "b.example.org"], 90_000],
  );
});

test("how remotes are spoken to: files by absolute path, none when empty, and a floor for free disk", () => {
  const { credentialsFile, sshKeyFile, sshKnownHostsFile, minFreeDisk } = readConfig({
    BACKPORTD_CREDENTIALS_FILE: "secrets/git",
    BACKPORTD_SSH_KEY_FILE: "/etc/backportd/key",
    BACKPORTD_SSH_KNOWN_HOSTS_FILE: "",
    BACKPORTD_MIN_FREE_DISK: "0",
  });
  assert.deepEqual(
    { credentialsFile, sshKeyFile, sshKnownHostsFile, minFreeDisk },
    { credentialsFile: resolve("secrets/git"), sshKeyFile: "/etc/backportd/key", sshKnownHostsFile: undefined, minFreeDisk: 0 },
  );
  assert.equal(readConfig({}).minFreeDisk, 2 * 1024 ** 3);
});

for (const [name, value] of [
  ["BACKPORTD_PORT", "70000"],
  ["BACKPORTD_PORT", "http"],
  ["BACKPORTD_ALLOW_FILE_REMOTES", "maybe"],
  ["BACKPORTD_LOG_LEVEL", "loud"],
  ["BACKPORTD_BODY_LIMIT", "0"],
  ["BACKPORTD_MIN_FREE_DISK", "-1"],
  ["BACKPORTD_MAX_CRASHES", "0"],
  ["BACKPORTD_KEEP_DAYS", "-1"],
  ["BACKPORTD_KEEP_EVENTS", "1.5"],
  ["BACKPORTD_RATE_LIMIT", "-1"],
  ["BACKPORTD_PRIVATE_NETWORKS", "10.0.0.0/8, intranet"],
  ["BACKPORTD_ROLE", "worker"],
  ["DATABASE_URL", "postgres://localhost/x"],
] as const) {
  test(`${name}=${value} is refused by name`, () => {
    assert.throws(
      () => readConfig({ [name]: value }),
      (error) => error instanceof ConfigError && error.message.includes(name),
    );
  });
}

test("loopback addresses are told from those that others can reach, whose name a Host header may carry", () => {
  for (const host of ["0.0.0.0", "::", "192.168.1.1", "example.org", "127.0.0.1.example.org", "1270.0.0.1"]) {
    assert.equal(isLoopback(host), false, host);
    assert.deepEqual(readConfig({ BACKPORTD_HOST: host }).allowedHosts, [host]);
  }
  for (const host of ["127.0.0.1", "127.8.9.10", "::1", "localhost"]) {
    assert.equal(isLoopback(host), true, host);
    assert.deepEqual(readConfig({ BACKPORTD_HOST: host }).allowedHosts, []);
  }
});

test("who may do what: nobody reads without a token, 6,000 requests a minute, no private network, unless set", () => {
  const { anonymousRead, rateLimit, privateNetworks } = readConfig({});
  assert.deepEqual({ anonymousRead, rateLimit, privateNetworks }, { anonymousRead: false, rateLimit: 6000, privateNetworks: [] });
  const set = readConfig({
    BACKPORTD_ANONYMOUS_READ: "1",
    BACKPORTD_RATE_LIMIT: "0",
    BACKPORTD_PRIVATE_NETWORKS: "10.0.0.0/8, fd00::/8 192.168.1.7",
  });
  assert.deepEqual([set.anonymousRead, set.rateLimit, set.privateNetworks], [true, 0, ["10.0.0.0/8", "fd00::/8", "192.168.1.7"]]);
});
