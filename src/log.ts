import { type DestinationStream, type Logger, pino } from "pino";

const REDACTED = ["authorization", "cookie", "remote"].flatMap((name) => [name, `*.${name}`, `req.headers.${name}`]);

/** User and password of an address; they end before anything that ends a JSON string. */
const CREDENTIALS = /(\w:\/\/)[^\s/@"\\]+@/g;

/**
 * The log of the service: JSON lines on stdout. Headers and remotes are redacted by name. Addresses also turn up inside messages of
 * errors and arguments of git, so credentials are taken out of every line as it is written.
 */
export function createLog(level: string, destination: DestinationStream = pino.destination(1)): Logger {
  return pino(
    {
      level,
      redact: { paths: REDACTED, censor: "[redacted]" },
      hooks: { streamWrite: (line) => line.replace(CREDENTIALS, "$1") },
    },
    destination,
  );
}
