import { type DestinationStream, type Logger, pino } from "pino";

const REDACTED = ["authorization", "cookie", "remote", "secret", "password"].flatMap((name) => [name, `*.${name}`, `req.headers.${name}`]);

/** User and password of an address; they end before anything that ends a JSON string. */
const CREDENTIALS = /(\w:\/\/)[^\s/@"\\]+@/g;
/** Access tokens, whose id may be seen, and secrets of webhooks, wherever they stand: also in a path or a text that a caller sent. */
const TOKENS = /\b(bpd_[0-9a-f]{12}_|whsec_)[\w+/=-]+/g;

/**
 * The log of the service: JSON lines on stdout. Headers and remotes are redacted by name. Addresses also turn up inside messages of
 * errors and arguments of git, and tokens wherever somebody pastes them, so both are taken out of every line as it is written.
 * Whoever reads slowly does not hold up the service; what is not written yet is written when the process exits.
 */
export function createLog(level: string, destination: DestinationStream = pino.destination({ dest: 1, sync: false })): Logger {
  return pino(
    {
      level,
      redact: { paths: REDACTED, censor: "[redacted]" },
      hooks: { streamWrite: (line) => line.replace(CREDENTIALS, "$1").replace(TOKENS, "$1[redacted]") },
    },
    destination,
  );
}
