import { type AddressGuard, AddressRefused } from "../net/address-guard.ts";
import { type Credential, CredentialsError, credentialIn, findCredential, readCredentials } from "./credentials.ts";
import { type RemoteRules, remoteHost } from "./remote-address.ts";
import { RemoteError } from "./remote-error.ts";

export interface AccessSettings extends RemoteRules {
  /** In the format of git-credential-store, readable by its owner only. */
  readonly credentialsFile?: string | undefined;
  readonly sshKeyFile?: string | undefined;
  /** When given, only hosts in it are spoken to by ssh. */
  readonly sshKnownHostsFile?: string | undefined;
}

/** How one remote is spoken to. Secrets are in `credential` and `env` only: command lines can be read by every user of the machine. */
export interface RemoteAccess {
  /** The address without password. */
  readonly address: string;
  readonly env: Readonly<Record<string, string>>;
  /** For http without git. */
  readonly credential: Credential | null;
  readonly guard: AddressGuard | null;
}

/** A constant text for the shell by which git starts helpers; the values come from the environment. Answers `get` and nothing else. */
const HELPER =
  '!f() { if test "$1" = get; then printf "username=%s\\npassword=%s\\n" "$BACKPORTD_GIT_USERNAME" "$BACKPORTD_GIT_PASSWORD"; fi; }; f';
/** ssh gives up a host that does not answer within half a minute, and a connection that is silent for two. */
const SSH = "ssh -oBatchMode=yes -oConnectTimeout=30 -oServerAliveInterval=30 -oServerAliveCountMax=4";

/** git hands GIT_SSH_COMMAND to a shell, and ssh splits some of its options at blanks: only plain paths are used. */
export function isPlainPath(path: string): boolean {
  return /^[\w./+@,-]+$/.test(path) && !path.startsWith("-");
}

function sshCommand({ sshKeyFile, sshKnownHostsFile }: AccessSettings): string {
  const parts = [SSH];
  for (const path of [sshKeyFile, sshKnownHostsFile]) {
    if (path !== undefined && !isPlainPath(path))
      throw new CredentialsError("The paths of ssh files must not hold blanks, quotes or other signs.");
  }
  if (sshKeyFile !== undefined) parts.push(`-oIdentitiesOnly=yes -i ${sshKeyFile}`);
  if (sshKnownHostsFile !== undefined) parts.push(`-oStrictHostKeyChecking=yes -oUserKnownHostsFile=${sshKnownHostsFile}`);
  return parts.join(" ");
}

/**
 * Makes the function that finds address and environment for a remote that validateRemote has accepted.
 * It throws RemoteError remote-refused when the credentials file cannot be used, remote-not-allowed when the host is on an address that the
 * guard does not allow.
 */
export function remoteAccess(settings: AccessSettings): (remote: string) => Promise<RemoteAccess> {
  const protocols = settings.allowFile ? "https:ssh:git:file" : "https:ssh:git";
  const base = { GIT_ALLOW_PROTOCOL: protocols, GIT_SSH_COMMAND: sshCommand(settings) };
  const guard = settings.guard ?? null;
  return async (remote) => {
    const addresses = await allowedAddresses(remote, guard);
    const url = remote.startsWith("/") ? null : URL.parse(remote);
    // host:path of ssh has no place for a password; URL takes its host for a scheme, or refuses it.
    if (url === null || !remote.includes("://")) return { address: remote, env: base, credential: null, guard };
    if (!/^https?:$/.test(url.protocol)) return { address: withoutSecrets(remote, url), env: base, credential: null, guard };
    const credential = await credentialFor(url, settings.credentialsFile);
    const config: [string, string][] = [["http.followRedirects", "false"]];
    if (addresses.length > 0) config.push(["http.curloptResolve", pinned(url, addresses)]);
    if (credential === null) return { address: withoutSecrets(remote, url), env: { ...base, ...gitConfig(config) }, credential, guard };
    config.push([`credential.${url.protocol}//${url.host}.helper`, HELPER]);
    const env = {
      ...base,
      ...gitConfig(config),
      BACKPORTD_GIT_USERNAME: credential.username,
      BACKPORTD_GIT_PASSWORD: credential.password,
    };
    return { address: withoutSecrets(remote, url), env, credential, guard };
  };
}

/** Configuration of one git command, which others of the machine cannot see (git-config(1), GIT_CONFIG_COUNT). */
function gitConfig(entries: readonly (readonly [string, string])[]): Record<string, string> {
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(entries.length) };
  for (const [at, [key, value]] of entries.entries()) {
    env[`GIT_CONFIG_KEY_${at}`] = key;
    env[`GIT_CONFIG_VALUE_${at}`] = value;
  }
  return env;
}

/** Makes curl connect to the addresses that were looked at (CURLOPT_RESOLVE), whatever the name means a moment later. */
function pinned(url: URL, addresses: readonly string[]): string {
  const port = url.port !== "" ? url.port : url.protocol === "https:" ? "443" : "80";
  const list = addresses.map((address) => (address.includes(":") ? `[${address}]` : address));
  return `${url.hostname}:${port}:${list.join(",")}`;
}

/**
 * The addresses of the remote's host that may be connected to; none for a directory, and for a name that is not known: git says so itself,
 * and to ssh it may be a name of its own configuration.
 */
async function allowedAddresses(remote: string, guard: AddressGuard | null): Promise<string[]> {
  const host = remoteHost(remote);
  if (guard === null || host === null) return [];
  try {
    return (await guard.resolve(host)).map(({ address }) => address);
  } catch (error) {
    if (error instanceof AddressRefused) throw new RemoteError("remote-not-allowed", error.message, error);
    return [];
  }
}

async function credentialFor(url: URL, file: string | undefined): Promise<Credential | null> {
  const own = credentialIn(url);
  if (own !== null && own.password !== "") return own;
  if (file === undefined) return own;
  try {
    return findCredential(await readCredentials(file), url) ?? own;
  } catch (error) {
    if (error instanceof CredentialsError) throw new RemoteError("remote-refused", error.message, error);
    throw error;
  }
}

/**
 * Over http a token may be the user name too; ssh needs the user, who is no secret. An http address is written as URL writes it, so that
 * curl reads the same host in it (IDN, percent encoding, octal numbers).
 */
function withoutSecrets(remote: string, url: URL): string {
  if (url.protocol !== "https:" && url.username === "" && url.password === "") return remote;
  const clean = new URL(url);
  clean.password = "";
  if (clean.protocol !== "ssh:") clean.username = "";
  return clean.href;
}
