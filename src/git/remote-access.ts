import { type Credential, CredentialsError, credentialIn, findCredential, readCredentials } from "./credentials.ts";
import type { RemoteRules } from "./remote-address.ts";
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
 * It throws RemoteError remote-refused when the credentials file cannot be used.
 */
export function remoteAccess(settings: AccessSettings): (remote: string) => Promise<RemoteAccess> {
  const protocols = settings.allowFile ? "https:ssh:git:file" : "https:ssh:git";
  const base = { GIT_ALLOW_PROTOCOL: protocols, GIT_SSH_COMMAND: sshCommand(settings) };
  return async (remote) => {
    const url = remote.startsWith("/") ? null : URL.parse(remote);
    // host:path of ssh has no place for a password; URL takes its host for a scheme, or refuses it.
    if (url === null || !remote.includes("://")) return { address: remote, env: base, credential: null };
    const credential = /^https?:$/.test(url.protocol) ? await credentialFor(url, settings.credentialsFile) : null;
    const address = withoutSecrets(remote, url);
    if (credential === null) return { address, env: base, credential };
    const env = {
      ...base,
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: `credential.${url.protocol}//${url.host}.helper`,
      GIT_CONFIG_VALUE_0: HELPER,
      BACKPORTD_GIT_USERNAME: credential.username,
      BACKPORTD_GIT_PASSWORD: credential.password,
    };
    return { address, env, credential };
  };
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

/** Over http a token may be the user name too; ssh needs the user, who is no secret. */
function withoutSecrets(remote: string, url: URL): string {
  if (url.username === "" && url.password === "") return remote;
  const clean = new URL(url);
  clean.password = "";
  if (clean.protocol !== "ssh:") clean.username = "";
  return clean.href;
}
