import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { AddressRefused, createAddressGuard, readNetwork } from "../../src/net/address-guard.ts";
import { httpRequest } from "../../src/net/http-request.ts";

const PRIVATE = [
  "127.0.0.1",
  "127.255.0.1",
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "192.0.2.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:8.8.8.8",
  "64:ff9b::7f00:1",
  "fc00::1",
  "fd12:3456::1",
  "fe80::1",
  "ff02::1",
  "2001::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "",
  "example.org",
  "0x7f000001",
  "1.2.3.4%eth0",
];
const PUBLIC = ["1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450::1"];

test("private, reserved and embedded addresses are refused, public ones allowed", () => {
  const guard = createAddressGuard([]);
  for (const address of PRIVATE) assert.equal(guard.allows(address), false, address);
  for (const address of PUBLIC) assert.equal(guard.allows(address), true, address);
});

test("a setting allows networks and single addresses, and nothing beside them", () => {
  const guard = createAddressGuard(["10.0.0.0/8", "192.168.1.7", "fd00::/8"]);
  for (const address of ["10.255.0.1", "192.168.1.7", "fdff::1"]) assert.equal(guard.allows(address), true, address);
  for (const address of ["11.0.0.1/8", "192.168.1.8", "127.0.0.1", "fc00::1"]) assert.equal(guard.allows(address), false, address);
  assert.deepEqual(readNetwork("10.0.0.0/8"), { address: "10.0.0.0", prefix: 8, family: "ipv4" });
  for (const text of ["", "10.0.0.0/33", "fd00::/129", "10.0.0/8", "example.org", "10.0.0.0/8/8", "10.0.0.0/-1"]) {
    assert.equal(readNetwork(text), null, text);
    assert.throws(() => createAddressGuard([text]), TypeError);
  }
});

/** A resolver that gives each answer once, as a name server does that changes its mind. */
function resolverOf(...answers: readonly (readonly LookupAddress[])[]) {
  let asked = 0;
  const resolver = (_host: string, _options: object, done: (error: null, addresses: LookupAddress[]) => void) => {
    done(null, [...(answers[Math.min(asked++, answers.length - 1)] ?? [])]);
  };
  return { resolver, asked: () => asked };
}

const LOOPBACK: LookupAddress = { address: "127.0.0.1", family: 4 };
const ELSEWHERE: LookupAddress = { address: "8.8.8.8", family: 4 };

test("of a name with several addresses only the allowed ones are connected to; with none it is refused", async () => {
  const { resolver } = resolverOf([LOOPBACK, ELSEWHERE]);
  assert.deepEqual(await createAddressGuard([], resolver).resolve("mixed.example.org"), [ELSEWHERE]);
  const inside = resolverOf([LOOPBACK]);
  await assert.rejects(createAddressGuard([], inside.resolver).resolve("inside.example.org"), AddressRefused);
  await assert.rejects(createAddressGuard([], inside.resolver).resolve("::1"), AddressRefused);
});

test("a request connects to the address that was looked at: the name is resolved once, at the connection", async (t) => {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.end("here");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = new URL(`http://rebound.example.org:${(server.address() as AddressInfo).port}/`);
  const signal = AbortSignal.timeout(20_000);
  const ask = (guard: ReturnType<typeof createAddressGuard>, to = url) => httpRequest(to, { method: "GET", headers: {}, signal, guard });

  // The name answers with this machine: refused, whatever it said to somebody else before.
  const inside = resolverOf([LOOPBACK]);
  await assert.rejects(ask(createAddressGuard([], inside.resolver)), AddressRefused);
  // Allowed, and then another answer, which nobody asks for.
  const twice = resolverOf([LOOPBACK], [ELSEWHERE]);
  const answer = await ask(createAddressGuard(["127.0.0.0/8"], twice.resolver));
  assert.equal(answer.statusCode, 200);
  answer.resume();
  assert.equal(twice.asked(), 1);
  // An address in the URL is not looked up by Node, in whatever way it is written.
  for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:7f00:1]", "0"]) {
    await assert.rejects(ask(createAddressGuard([]), new URL(`http://${host}:${url.port}/`)), AddressRefused, host);
  }
  assert.equal(requests, 1);
});
