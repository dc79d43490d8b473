import { isIP } from "node:net";
import { fileURLToPath } from "node:url";
import { type AddressGuard, hostOf } from "../net/address-guard.ts";
import { withoutCredentials } from "./process.ts";

export type RemoteCheck =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: "remote-not-allowed" | "remote-malformed"; readonly detail: string };

export type RefCheck = { readonly ok: true } | { readonly ok: false; readonly reason: "ref-malformed"; readonly detail: string };

export interface RemoteRules {
  /** Accept file URLs and absolute paths of this machine. */
  readonly allowFile: boolean;
  /** Where remotes may be; without one, anywhere. */
  readonly guard?: AddressGuard;
}

const LONGEST_REMOTE = 2000;
const LONGEST_REF = 255;
const SCHEMES = ["https:", "ssh:", "git:"];
/** Where URL and git disagree: `https:///x` and `https://\\x` have the host x for the one and none for the other. */
const NO_HOST = /^[^:]*:\/\/(?:[/?#]|$)|\\/;
const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
/** `ext::sh -c ...`: git would start a helper program of that name. */
const REMOTE_HELPER = /^[a-z0-9+.-]*::/i;
/** `user@host:path`, as ssh and scp write it (git's documentation, "GIT URLS"); no slash before the first colon. */
const SCP_FORM = /^(?:[\w.+~-]+@)?(?:[\w.-]+|\[[\da-f:.]+\]):[^:]/i;
/** Also Unicode's invisible and direction-changing characters: an address must read as what it is. */
const UNSEEN = /[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const refused = (reason: "remote-not-allowed" | "remote-malformed", detail: string): RemoteCheck => ({ ok: false, reason, detail });

/**
 * Decides whether git may be given this address: https, ssh (as URL or `host:path`) and git; file URLs and absolute paths only when
 * allowed. Refuses whatever git or ssh could take for an option or a program to start.
 */
export function validateRemote(remote: string, rules: RemoteRules): RemoteCheck {
  if (remote === "") return refused("remote-malformed", "the remote is empty");
  if (remote.length > LONGEST_REMOTE) return refused("remote-malformed", `the remote is longer than ${LONGEST_REMOTE} characters`);
  if (UNSEEN.test(remote)) return refused("remote-malformed", "the remote holds white space or control characters");
  if (remote.startsWith("-")) return refused("remote-malformed", "the remote begins with a dash");
  if (REMOTE_HELPER.test(remote)) return refused("remote-not-allowed", "remote helpers (transport::address) are not allowed");
  if (remote.startsWith("/")) return rules.allowFile ? { ok: true } : refused("remote-not-allowed", "file remotes are not allowed");
  if (HAS_SCHEME.test(remote)) return validateUrl(remote, rules);
  if (SCP_FORM.test(remote)) return validateScpForm(remote, rules);
  return refused("remote-malformed", "the remote is neither a URL nor host:path nor an absolute path");
}

/** The directory that an accepted file remote names; null for a remote that is somewhere else. */
export function localPath(remote: string): string | null {
  if (remote.startsWith("/")) return remote;
  return /^file:/i.test(remote) ? fileURLToPath(remote) : null;
}

function validateUrl(remote: string, rules: RemoteRules): RemoteCheck {
  const url = URL.parse(remote);
  if (url === null) return refused("remote-malformed", `not a URL: ${withoutCredentials(remote)}`);
  if (url.protocol === "file:") {
    if (!rules.allowFile) return refused("remote-not-allowed", "file remotes are not allowed");
    return url.hostname === "" ? { ok: true } : refused("remote-malformed", "a file URL must not name a host");
  }
  if (!SCHEMES.includes(url.protocol)) {
    return refused("remote-not-allowed", `${url.protocol}// is not allowed; use https, ssh or git`);
  }
  if (NO_HOST.test(remote)) return refused("remote-malformed", "the remote names no host");
  // Decoded, because git decodes before it hands user, host and path to ssh.
  const parts = [url.hostname, url.username, url.pathname.slice(1)].map(decoded);
  if (parts.some((part) => part === null || part.startsWith("-") || UNSEEN.test(part))) {
    return refused("remote-malformed", "user, host or path of the remote begin with a dash or hold control characters");
  }
  if (url.search !== "" || url.hash !== "") return refused("remote-malformed", "the remote must not have a query or a fragment");
  // curl looks such a name up without the dot, and would not find the addresses that were looked at.
  if (url.hostname.endsWith(".")) return refused("remote-malformed", "the host of the remote ends with a dot");
  return validateHost(hostOf(url), rules);
}

/** Where the remote `host:path` of ssh ends its host: at the first colon that is not part of an address in brackets. */
function scpColon(remote: string): number {
  return remote.startsWith("[") || remote.includes("@[") ? remote.indexOf("]:") + 1 : remote.indexOf(":");
}

function validateScpForm(remote: string, rules: RemoteRules): RemoteCheck {
  const colon = scpColon(remote);
  const [host = "", user = ""] = remote.slice(0, colon).split("@").reverse();
  if ([host, user, remote.slice(colon + 1)].some((part) => part.startsWith("-"))) {
    return refused("remote-malformed", "user, host or path of the remote begin with a dash");
  }
  return validateHost(host.replace(/^\[|\]$/g, ""), rules);
}

/** Names are looked up when they are connected to; an address, and what always means this machine, can be refused at once. */
function validateHost(host: string, { guard }: RemoteRules): RemoteCheck {
  if (guard === undefined) return { ok: true };
  const local = /(?:^|\.)localhost$/i.test(host) && !guard.allows("127.0.0.1");
  if (!local && (isIP(host) === 0 || guard.allows(host))) return { ok: true };
  return refused("remote-not-allowed", `${host} is a private or reserved address; BACKPORTD_PRIVATE_NETWORKS allows networks`);
}

/** The host of an accepted remote, without brackets; null for a directory of this machine. */
export function remoteHost(remote: string): string | null {
  if (localPath(remote) !== null) return null;
  if (HAS_SCHEME.test(remote)) return hostOf(new URL(remote));
  const [host = ""] = remote.slice(0, scpColon(remote)).split("@").reverse();
  return host.replace(/^\[|\]$/g, "");
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** The rules of `git check-ref-format`, for a short or a full name. */
const BAD_IN_REF = /[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^[/-]|[/.]$|\.lock(?:\/|$)|(?:^|\/)\./;

/** Decides whether this can be the name of a branch or tag, short (`master`) or full (`refs/heads/master`), or `HEAD`. */
export function validateRef(ref: string): RefCheck {
  const ok = ref !== "" && ref !== "@" && ref.length <= LONGEST_REF && !BAD_IN_REF.test(ref);
  return ok ? { ok } : { ok, reason: "ref-malformed", detail: "not the name of a branch or tag as git allows it" };
}
