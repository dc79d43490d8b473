import { isIP } from "node:net";
import { resolve } from "node:path";
import { z } from "zod";
import { readNetwork } from "./net/address-guard.ts";

const MiB = 1024 * 1024;
const DAY_MS = 86_400_000;

/** Seconds from the environment, as milliseconds. */
const Seconds = (fallback: number) =>
  z.coerce
    .number()
    .positive()
    .max(7 * 86_400)
    .default(fallback)
    .transform((seconds) => seconds * 1000);

const Flag = z
  .enum(["0", "1", "false", "true"])
  .default("0")
  .transform((text) => text === "1" || text === "true");

/** An absolute path; undefined when unset or empty. */
const FileName = z
  .string()
  .optional()
  .transform((name) => (name === undefined || name === "" ? undefined : resolve(name)));

const words = (text: string) => text.split(/[\s,]+/).filter((word) => word !== "");

const Environment = z.object({
  BACKPORTD_HOST: z.string().min(1).default("127.0.0.1"),
  BACKPORTD_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  BACKPORTD_DATA: z.string().min(1).default("./data"),
  BACKPORTD_ALLOW_FILE_REMOTES: Flag,
  BACKPORTD_ALLOWED_HOSTS: z.string().default(""),
  BACKPORTD_ANONYMOUS_READ: Flag,
  BACKPORTD_RATE_LIMIT: z.coerce.number().int().min(0).max(1_000_000).default(6000),
  BACKPORTD_PRIVATE_NETWORKS: z
    .string()
    .default("")
    .transform(words)
    .refine((networks) => networks.every((network) => readNetwork(network) !== null), "expected addresses or networks such as 10.0.0.0/8"),
  BACKPORTD_LOG_LEVEL: z.enum(["silent", "fatal", "error", "warn", "info", "debug", "trace"]).default("info"),
  BACKPORTD_BODY_LIMIT: z.coerce
    .number()
    .int()
    .min(1024)
    .max(64 * MiB)
    .default(8 * MiB),
  BACKPORTD_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(2),
  BACKPORTD_MAX_QUEUED: z.coerce.number().int().min(1).default(1000),
  BACKPORTD_MAX_TREES: z.coerce.number().int().min(1).default(256),
  BACKPORTD_MAX_CRASHES: z.coerce.number().int().min(1).default(100_000),
  BACKPORTD_KEEP_DAYS: z.coerce.number().min(0).max(36_500).default(0),
  BACKPORTD_KEEP_EVENTS: z.coerce.number().int().min(0).default(1_000_000),
  BACKPORTD_ANALYSIS_TIMEOUT: Seconds(1800),
  BACKPORTD_COMMIT_TIMEOUT: Seconds(60),
  BACKPORTD_FETCH_TIMEOUT: Seconds(6 * 3600),
  BACKPORTD_MIN_FREE_DISK: z.coerce
    .number()
    .int()
    .min(0)
    .default(2 * 1024 * MiB),
  BACKPORTD_CREDENTIALS_FILE: FileName,
  BACKPORTD_REFERENCE_CONVENTIONS: FileName,
  BACKPORTD_SSH_KEY_FILE: FileName,
  BACKPORTD_SSH_KNOWN_HOSTS_FILE: FileName,
  BACKPORTD_ROLE: z.literal("all").default("all"),
  DATABASE_URL: z
    .string()
    .optional()
    .refine((url) => url === undefined || url === "", "only SQLite is supported so far: unset it"),
});

/** Validated settings; times are in milliseconds, sizes in bytes. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Absolute path of the data directory. */
  readonly data: string;
  readonly allowFileRemotes: boolean;
  /** Names that the Host header may carry, beside the loopback names: those of the setting, and the address that is listened on. */
  readonly allowedHosts: readonly string[];
  /** Callers without a token may read, once there are tokens. */
  readonly anonymousRead: boolean;
  /** Requests a minute of one token, or of one address without token; 0: no limit. */
  readonly rateLimit: number;
  /** Networks that are not public and that remotes and webhooks may be on all the same. */
  readonly privateNetworks: readonly string[];
  readonly logLevel: string;
  readonly bodyLimit: number;
  /** How many analyses and commit checks run at the same time. */
  readonly concurrency: number;
  /** How many analyses may wait before the service answers 503. */
  readonly maxQueued: number;
  readonly maxTrees: number;
  /** How many crash texts are kept. */
  readonly maxCrashes: number;
  /** How long what is completed, and crash texts, are kept; 0: for good. */
  readonly keepMs: number;
  /** How many events are kept; 0: all. */
  readonly keepEvents: number;
  readonly analysisTimeout: number;
  readonly commitTimeout: number;
  /** Limit of one clone or fetch with its indexing. */
  readonly fetchTimeout: number;
  /** Free bytes in the data directory below which nothing is fetched. */
  readonly minFreeDisk: number;
  /** Users and passwords for https remotes, in the format of git-credential-store. */
  readonly credentialsFile: string | undefined;
  /** JSON with the user's own conventions of references (docs/presence.md). */
  readonly conventionsFile: string | undefined;
  readonly sshKeyFile: string | undefined;
  readonly sshKnownHostsFile: string | undefined;
}

/** What is wrong with the settings, one line per setting, to be printed without a stack. */
export class ConfigError extends Error {}

export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

/**
 * Reads the settings from an environment object.
 * @throws ConfigError when a value is wrong
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new ConfigError(`Wrong settings in the environment:\n${lines.join("\n")}`);
  }
  const env = parsed.data;
  return {
    host: env.BACKPORTD_HOST,
    port: env.BACKPORTD_PORT,
    data: resolve(env.BACKPORTD_DATA),
    allowFileRemotes: env.BACKPORTD_ALLOW_FILE_REMOTES,
    allowedHosts: [...words(env.BACKPORTD_ALLOWED_HOSTS), ...(isLoopback(env.BACKPORTD_HOST) ? [] : [env.BACKPORTD_HOST])],
    anonymousRead: env.BACKPORTD_ANONYMOUS_READ,
    rateLimit: env.BACKPORTD_RATE_LIMIT,
    privateNetworks: env.BACKPORTD_PRIVATE_NETWORKS,
    logLevel: env.BACKPORTD_LOG_LEVEL,
    bodyLimit: env.BACKPORTD_BODY_LIMIT,
    concurrency: env.BACKPORTD_CONCURRENCY,
    maxQueued: env.BACKPORTD_MAX_QUEUED,
    maxTrees: env.BACKPORTD_MAX_TREES,
    maxCrashes: env.BACKPORTD_MAX_CRASHES,
    keepMs: env.BACKPORTD_KEEP_DAYS * DAY_MS,
    keepEvents: env.BACKPORTD_KEEP_EVENTS,
    analysisTimeout: env.BACKPORTD_ANALYSIS_TIMEOUT,
    commitTimeout: env.BACKPORTD_COMMIT_TIMEOUT,
    fetchTimeout: env.BACKPORTD_FETCH_TIMEOUT,
    minFreeDisk: env.BACKPORTD_MIN_FREE_DISK,
    credentialsFile: env.BACKPORTD_CREDENTIALS_FILE,
    conventionsFile: env.BACKPORTD_REFERENCE_CONVENTIONS,
    sshKeyFile: env.BACKPORTD_SSH_KEY_FILE,
    sshKnownHostsFile: env.BACKPORTD_SSH_KNOWN_HOSTS_FILE,
  };
}
