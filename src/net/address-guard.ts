import { type LookupAddress, type LookupOptions, lookup as systemLookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/**
 * IPv4 networks that are not the public internet: IANA's special-purpose address registry (RFC 6890), multicast and reserved space.
 * Among them 169.254.169.254, where clouds hand out credentials.
 */
const SPECIAL_IPV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];
/** All of IPv6 that is public. What embeds an IPv4 address (mapped, NAT64) lies outside of it. */
const GLOBAL_IPV6 = ["2000::/3"];
/** Inside of that: protocol assignments with Teredo, documentation, 6to4, documentation again. */
const SPECIAL_IPV6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

/** A host has no address that may be connected to. */
export class AddressRefused extends Error {
  override readonly name = "AddressRefused";
  constructor(host: string) {
    super(`${host} is on a private or reserved address, which this service does not connect to (BACKPORTD_PRIVATE_NETWORKS allows some)`);
  }
}

/** Decides which addresses callers may send the service to. */
export interface AddressGuard {
  /** `address` is an IPv4 or IPv6 address without brackets or zone. */
  allows(address: string): boolean;
  /**
   * The addresses of a host that may be connected to.
   * @throws AddressRefused when it has none; the resolver's error when it has no address at all.
   */
  resolve(host: string): Promise<readonly LookupAddress[]>;
  /**
   * For sockets: they connect to the very addresses that were looked at, so a name that changes its address in between (DNS rebinding)
   * gains nothing. Node does not call it for a host that is an address.
   */
  readonly lookup: LookupFunction;
}

type Resolver = (
  host: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: "ipv4" | "ipv6";
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address; null for anything else. */
export function readNetwork(text: string): Network | null {
  const [, address = "", digits] = /^([\da-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return null;
  const bits = version === 4 ? 32 : 128;
  const prefix = digits === undefined ? bits : Number(digits);
  return prefix > bits ? null : { address, prefix, family: version === 4 ? "ipv4" : "ipv6" };
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of networks) {
    const network = readNetwork(text);
    if (network === null) throw new TypeError(`${text} is not an address or network`);
    list.addSubnet(network.address, network.prefix, network.family);
  }
  return list;
}

/** @param privateNetworks networks that are allowed although they are not public, as readNetwork takes them. @throws TypeError for others */
export function createAddressGuard(privateNetworks: readonly string[], resolver: Resolver = systemLookup): AddressGuard {
  const allowed = listOf(privateNetworks);
  const special = listOf([...SPECIAL_IPV4, ...SPECIAL_IPV6]);
  const global = listOf(GLOBAL_IPV6);

  function allows(address: string): boolean {
    const version = isIP(address);
    if (version === 0) return false;
    const family = version === 4 ? "ipv4" : "ipv6";
    if (allowed.check(address, family)) return true;
    if (special.check(address, family)) return false;
    return version === 4 || global.check(address, family);
  }

  const find = (host: string, options: LookupOptions, done: (error: Error | null, addresses: LookupAddress[]) => void) =>
    resolver(host, { ...options, all: true }, (error, addresses) => {
      const usable = error === null ? addresses.filter(({ address }) => allows(address)) : [];
      done(error ?? (usable.length === 0 ? new AddressRefused(host) : null), usable);
    });

  return {
    allows,
    resolve: (host) => {
      if (isIP(host) !== 0)
        return allows(host) ? Promise.resolve([{ address: host, family: isIP(host) }]) : Promise.reject(new AddressRefused(host));
      return new Promise((resolve, reject) => {
        find(host, {}, (error, addresses) => (error === null ? resolve(addresses) : reject(error)));
      });
    },
    lookup: (host, options, callback) =>
      find(host, options, (error, addresses) => {
        const [first] = addresses;
        if (error !== null || first === undefined) callback(error ?? new AddressRefused(host), "");
        else if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      }),
  };
}

/** The host of a URL as the guard and sockets take it: without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}
