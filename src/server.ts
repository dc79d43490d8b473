import { mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { buildApp } from "./app.ts";
import { createAuthenticator } from "./auth/authenticate.ts";
import { type Config, ConfigError, isLoopback, readConfig } from "./config.ts";
import { CredentialsError, readCredentials } from "./git/credentials.ts";
import { discard } from "./git/discard.ts";
import { openMirror } from "./git/mirror.ts";
import { validateRef, validateRemote } from "./git/remote-address.ts";
import { ConventionsError, readConventions } from "./jobs/conventions-file.ts";
import { indexFile } from "./jobs/index-file.ts";
import { startJobs } from "./jobs/jobs.ts";
import { packageVersion, readVersions } from "./jobs/versions.ts";
import { RETRIES_MS, startWebhooks, WEBHOOK_TIMEOUT_MS } from "./jobs/webhook-dispatcher.ts";
import { openWorkers } from "./jobs/worker-pool.ts";
import { createLog } from "./log.ts";
import { createAddressGuard } from "./net/address-guard.ts";
import { type Db, DirectoryInUse, lockDirectory, openDatabase } from "./store/database.ts";
import { anyToken, usableToken } from "./store/tokens.ts";

const SOURCE = fileURLToPath(new URL(".", import.meta.url));
const STOP_LIMIT_MS = 10_000;
/** Answers under way may go on so long; then their connections are closed. */
const DRAIN_LIMIT_MS = 3000;
/** The mirror is also looked after following each fetch; this is for trees that were removed, and for scratch stores. */
const UPKEEP_MS = 3_600_000;

export interface Service {
  /** Base URL, with the port that was really taken. */
  readonly url: string;
  /** Stops gracefully: open requests end, running work is left for the next start. */
  stop(): Promise<void>;
}

export { createLog } from "./log.ts";

/**
 * Starts the whole service and listens.
 * @throws ConfigError, CredentialsError, ConventionsError, DirectoryInUse: they have a message for the operator.
 */
export async function startService(config: Config, log: Logger = createLog(config.logLevel)): Promise<Service> {
  const release = lockDirectory(config.data);
  try {
    const paths = {
      gitDir: join(config.data, "mirror.git"),
      indexPath: join(config.data, "index.sqlite"),
      scratchRoot: join(config.data, "scratch"),
    };
    // What an earlier process left there belongs to nobody.
    void discard(paths.scratchRoot);
    mkdirSync(paths.scratchRoot, { recursive: true });
    const version = packageVersion();
    const { allowFileRemotes: allowFile } = config;
    if (config.credentialsFile !== undefined) await readCredentials(config.credentialsFile);
    const conventions = await readConventions(config.conventionsFile);
    const guard = createAddressGuard(config.privateNetworks);
    const db = await openDatabase(join(config.data, "state.sqlite"));
    await requireTokenElsewhere(config.host, db);
    const mirror = await openMirror({
      ...config,
      guard,
      path: paths.gitDir,
      allowFile,
      keepMs: config.analysisTimeout + UPKEEP_MS,
      log: (event, details) => log.info(details, event),
    });
    const workers = openWorkers({ entry: new URL("./jobs/worker.ts", import.meta.url), threads: config.concurrency });
    const jobs = await startJobs({
      db,
      mirror,
      validateRemote: (remote) => validateRemote(remote, { allowFile, guard }),
      validateRef,
      workers,
      indexFile: indexFile(paths.indexPath, conventions),
      paths,
      versions: readVersions(SOURCE, version, conventions),
      conventions,
      limits: config,
      log,
    });
    const upkeep = setInterval(() => {
      jobs.upkeep.ask();
      // Stores of threads that have ended are in there too; threads that rest open new ones.
      if (jobs.interactive.pending === 0) void discard(paths.scratchRoot);
    }, UPKEEP_MS).unref();
    const webhooks = startWebhooks(jobs, { guard, retriesMs: RETRIES_MS, timeoutMs: WEBHOOK_TIMEOUT_MS });
    const authenticate = createAuthenticator(db, { loopback: isLoopback(config.host), anonymousRead: config.anonymousRead });
    const { bodyLimit, allowedHosts, rateLimit } = config;
    const app = await buildApp({ jobs, log, bodyLimit, allowedHosts, access: { authenticate, rateLimit }, guard, version });
    const stop = async () => {
      clearInterval(upkeep);
      await jobs.close();
      await webhooks.close();
      const hurry = setTimeout(() => app.server.closeAllConnections(), DRAIN_LIMIT_MS);
      await app.close();
      clearTimeout(hurry);
      await db.destroy();
      release();
    };
    try {
      await app.listen({ host: config.host, port: config.port });
    } catch (error) {
      await stop();
      throw error;
    }
    if (!(await anyToken(db))) log.info("there is no access token: every caller on this machine is admin");
    const { port } = app.server.address() as AddressInfo;
    const host = config.host.includes(":") ? `[${config.host}]` : config.host;
    return { url: `http://${host}:${port}`, stop };
  } catch (error) {
    release();
    throw error;
  }
}

/** Whoever reaches a loopback address is on this machine; anybody may reach another one. */
async function requireTokenElsewhere(host: string, db: Db): Promise<void> {
  if (isLoopback(host) || (await usableToken(db))) return;
  await db.destroy();
  throw new ConfigError(
    `BACKPORTD_HOST: ${host} is not a loopback address, and there is no access token. Create one first: backportd token create --name NAME --scope admin`,
  );
}

/** Runs the service until SIGTERM or SIGINT, as `backportd serve` and `npm start` do. Sets the exit code. */
export async function serve(environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  let service: Service;
  let log: Logger;
  try {
    const config = readConfig(environment);
    log = createLog(config.logLevel);
    service = await startService(config, log);
  } catch (error) {
    process.stderr.write(`backportd: ${startError(error)}\n`);
    process.exitCode = 1;
    return;
  }
  log.info({ url: service.url }, "listening");
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    // A second signal means: now.
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, "stopping");
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    service.stop().then(
      () => log.info("stopped"),
      (error: unknown) => {
        log.error({ err: error }, "did not stop cleanly");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

/** What the operator is told when the service does not start. */
function startError(error: unknown): string {
  if (
    error instanceof ConfigError ||
    error instanceof DirectoryInUse ||
    error instanceof CredentialsError ||
    error instanceof ConventionsError
  )
    return error.message;
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") return "The port is taken. Set BACKPORTD_PORT to another one, or to 0 for a free one.";
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(process.env);
