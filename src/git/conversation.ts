import { type ByteReader, byteReader } from "./byte-reader.ts";
import { countReplaced } from "./child-counts.ts";
import { deathOf } from "./missing-object.ts";
import { GitError, type GitOptions, spawnGit, withoutCredentials } from "./process.ts";
import { privateMemory } from "./process-memory.ts";

/** Something worth a line in the service's log. */
export type GitLog = (event: string, details: Readonly<Record<string, unknown>>) => void;

/** What is said to a long-lived git child, and how its answers are read. */
export interface Protocol<Answer> {
  readonly args: readonly string[];
  readonly options: Pick<GitOptions, "gitDir" | "env">;
  /** Called once for each child; the function it returns reads the answer of one request and is called in the order of requests. */
  readonly answers: (input: ByteReader) => (request: string) => Promise<Answer>;
}

export interface ConversationLimits {
  /** Longest time one request may be in work, in milliseconds, counted from when its predecessor was answered. */
  readonly timeLimitMs?: number;
  /** Bytes of memory of its own beyond which a child is replaced between two requests. */
  readonly memoryLimit?: number;
  readonly log?: GitLog | undefined;
}

export interface Conversation<Answer> {
  /**
   * Many may be under way at once; they are answered in order. A child that dies is replaced and the request it died of is tried once
   * more; the requests behind it are not affected. `timeLimitMs` is for this request alone.
   * @throws GitError when the child died twice on this request, at the time limit, or after close.
   */
  ask(request: string, timeLimitMs?: number): Promise<Answer>;
  /** Process id of the living child, for tests and health checks. */
  pid(): number | undefined;
  close(): Promise<void>;
}

interface Request<Answer> {
  readonly text: string;
  readonly timeLimitMs: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  deaths: number;
}

interface Session<Answer> {
  readonly child: ReturnType<typeof spawnGit>;
  readonly answer: (request: string) => Promise<Answer>;
  readonly sent: Request<Answer>[];
  /** Exit code and signal once the child is gone; both null when it never started. */
  readonly gone: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly stderr: () => string;
  receiving: boolean;
  timedOut: boolean;
  answered: number;
  /** Gets no more requests, and ends when it has answered those it has. */
  retiring: boolean;
}

const DEFAULT_TIME_LIMIT_MS = 30_000;
/** Requests in the pipe: enough that the child never waits for us, few enough to send again when it dies. */
const WINDOW = 64;
/** Twice the 382 MB that a merger had resident on a kernel of 234,000 commits, of which the mapped pack does not even count. */
const DEFAULT_MEMORY_LIMIT = 768 * 1024 * 1024;
const ANSWERS_BETWEEN_CHECKS = 256;
/** Where the memory of a child cannot be read, it is replaced after so many answers. */
const MOST_ANSWERS = 50_000;

function startSession<Answer>(protocol: Protocol<Answer>): Session<Answer> {
  const child = spawnGit(protocol.args, protocol.options);
  let stderr = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    stderr = (stderr + text).slice(-2000);
  });
  // A dead child closes its input; the end of its output is what tells us.
  child.stdin.on("error", () => {});
  const gone: Session<Answer>["gone"] = new Promise((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
    child.once("error", (error) => {
      stderr = error.message;
      resolve({ code: null, signal: null });
    });
  });
  return {
    child,
    answer: protocol.answers(byteReader(child.stdout)),
    sent: [],
    gone,
    stderr: () => withoutCredentials(stderr.trim()),
    receiving: false,
    timedOut: false,
    answered: 0,
    retiring: false,
  };
}

/** Holds a conversation with a git child that is started at the first request and again whenever one is needed. */
export function converse<Answer>(protocol: Protocol<Answer>, limits: ConversationLimits = {}): Conversation<Answer> {
  const { timeLimitMs: usualLimitMs = DEFAULT_TIME_LIMIT_MS, memoryLimit = DEFAULT_MEMORY_LIMIT } = limits;
  let waiting = new Set<Request<Answer>>();
  let session: Session<Answer> | null = null;
  let closed = false;

  function send(): void {
    if (waiting.size === 0 || closed) return;
    if (session?.retiring) {
      if (session.sent.length > 0) return;
      session.child.kill("SIGKILL");
      session = null;
      countReplaced();
    }
    try {
      session ??= start();
    } catch (error) {
      // Most failures to start arrive as events of the child; without memory or descriptors, Node throws.
      refuseWaiting(String(error));
      return;
    }
    const { stdin } = session.child;
    if (!stdin.writableCorked) {
      // What is asked in one turn goes to git in one write.
      stdin.cork();
      process.nextTick(() => stdin.uncork());
    }
    for (const request of waiting) {
      if (session.sent.length >= WINDOW) break;
      waiting.delete(request);
      session.sent.push(request);
      stdin.write(request.text);
    }
    if (!session.receiving) void receive(session);
  }

  function start(): Session<Answer> {
    const started = startSession(protocol);
    void started.gone.then(() => {
      // Died while nobody asked: the next request gets a new child at once.
      if (session === started && !started.receiving) session = null;
    });
    return started;
  }

  async function receive(current: Session<Answer>): Promise<void> {
    current.receiving = true;
    for (let head = current.sent[0]; head !== undefined; head = current.sent[0]) {
      const timer = setTimeout(() => {
        current.timedOut = true;
        current.child.kill("SIGKILL");
      }, head.timeLimitMs);
      try {
        const answer = await current.answer(head.text);
        current.sent.shift();
        current.answered += 1;
        current.retiring ||= isWorn(current);
        head.resolve(answer);
      } catch (error) {
        // Also a protocol that lost its thread ends here: nothing after that point can be trusted.
        current.child.kill("SIGKILL");
        return bury(current, head, error);
      } finally {
        clearTimeout(timer);
      }
      send();
    }
    current.receiving = false;
  }

  function isWorn({ child, answered }: Session<Answer>): boolean {
    if (answered % ANSWERS_BETWEEN_CHECKS !== 0) return false;
    const used = privateMemory(child.pid);
    if (used === null ? answered < MOST_ANSWERS : used <= memoryLimit) return false;
    limits.log?.("git child is replaced", { command: protocol.args[0], answered, memory: used });
    return true;
  }

  async function bury(dead: Session<Answer>, head: Request<Answer>, error: unknown): Promise<void> {
    const { code, signal } = await dead.gone;
    const reason = dead.timedOut ? `no answer within ${head.timeLimitMs} ms` : dead.stderr() || String(error);
    head.deaths += 1;
    limits.log?.("git child died", { command: protocol.args[0], code, signal, reason, closed });
    const failed = closed || dead.timedOut || head.deaths > 1;
    if (failed) head.reject(closed ? new GitError(protocol.args, code, "closed") : deathOf(protocol.args, code, signal, reason));
    waiting = new Set([...(failed ? dead.sent.slice(1) : dead.sent), ...waiting]);
    if (session === dead) session = null;
    if (!closed) countReplaced();
    if (closed) refuseWaiting("closed");
    else send();
  }

  function refuseWaiting(reason: string): void {
    for (const request of waiting) request.reject(new GitError(protocol.args, null, reason));
    waiting.clear();
  }

  return {
    ask: (text, timeLimitMs = usualLimitMs) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new GitError(protocol.args, null, "closed"));
        waiting.add({ text, timeLimitMs, resolve, reject, deaths: 0 });
        send();
      }),
    pid: () => session?.child.pid,
    close: async () => {
      closed = true;
      refuseWaiting("closed");
      session?.child.kill("SIGKILL");
      await session?.gone;
    },
  };
}
