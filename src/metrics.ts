import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/**
 * What the service counts about itself, in the format of Prometheus. One registry per service, so that several in one process (tests)
 * do not mix. Labels come from closed sets or are names of trees, whose number is limited; never ids of resources.
 */
export interface Metrics {
  readonly registry: Registry;
  readonly requests: Histogram<"method" | "route" | "status">;
  /** Answers to questions, by where they came from: `stored`, `shared` with an equal question under way, or `computed`. */
  readonly answers: Counter<"kind" | "source">;
  readonly jobsEnded: Counter<"kind" | "conclusion">;
  readonly stageSeconds: Histogram<"kind" | "stage">;
  /** Set when asked for. */
  readonly jobs: Gauge<"kind" | "state" | "stage">;
  readonly queued: Gauge<"queue">;
  readonly trees: Gauge<"state">;
  readonly gitRunning: Gauge;
  readonly gitStarted: Gauge;
  readonly gitReplaced: Gauge;
  readonly mirrorDamaged: Gauge;
  readonly mirrorRepairs: Counter<"conclusion">;
  readonly rows: Gauge<"table">;
  readonly rowsRemoved: Counter<"table">;
  readonly lag: IndexLag;
}

/** How long the head of a tree in the mirror has been newer than what answers are computed from. */
export interface IndexLag {
  /** The mirror has a newer head. */
  moved(tree: string): void;
  /** Answers come from the newest head. */
  caughtUp(tree: string): void;
  /** The tree is gone. */
  forget(tree: string): void;
}

const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const STAGE_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name: `backportd_${name}`, help, labelNames, registers });
  return {
    registry,
    requests: new Histogram({
      name: "backportd_http_request_duration_seconds",
      help: "Requests by route and status; waiting and event streams count with the time that they were open",
      labelNames: ["method", "route", "status"],
      buckets: REQUEST_SECONDS,
      registers,
    }),
    answers: new Counter({
      name: "backportd_answers_total",
      help: "Questions by where their answer came from: stored, shared with an equal question under way, or computed",
      labelNames: ["kind", "source"],
      registers,
    }),
    jobsEnded: new Counter({
      name: "backportd_jobs_ended_total",
      help: "Jobs that ended, by kind and conclusion",
      labelNames: ["kind", "conclusion"],
      registers,
    }),
    stageSeconds: new Histogram({
      name: "backportd_stage_duration_seconds",
      help: "Time between the first reports of one stage and the next",
      labelNames: ["kind", "stage"],
      buckets: STAGE_SECONDS,
      registers,
    }),
    jobs: gauge("jobs", "Unfinished jobs by kind, state and stage", ["kind", "state", "stage"]),
    queued: gauge("queue_waiting", "Work that waits for its turn", ["queue"]),
    trees: gauge("trees", "Trees by state", ["state"]),
    gitRunning: gauge("git_children", "git processes that run now"),
    gitStarted: gauge("git_children_started", "git processes started since the service was"),
    gitReplaced: gauge("git_children_replaced", "Long-lived git processes that died or were worn and were replaced"),
    mirrorDamaged: gauge("mirror_damaged", "1 while the mirror cannot be read and is fetched again"),
    mirrorRepairs: new Counter({
      name: "backportd_mirror_repairs_total",
      help: "Attempts to fetch the trees again into a fresh mirror, by conclusion",
      labelNames: ["conclusion"],
      registers,
    }),
    rows: gauge("rows", "Rows of the state, counted at most once a minute", ["table"]),
    rowsRemoved: new Counter({
      name: "backportd_rows_removed_total",
      help: "Rows that were removed because they were old or too many",
      labelNames: ["table"],
      registers,
    }),
    lag: createLag(registry),
  };
}

function createLag(registry: Registry): IndexLag {
  const since = new Map<string, number>();
  new Gauge({
    name: "backportd_index_lag_seconds",
    help: "Since when the mirror has a newer head of the tree than answers are computed from; 0 when it has none",
    labelNames: ["tree"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [tree, moved] of since) this.set({ tree }, moved === 0 ? 0 : (performance.now() - moved) / 1000);
    },
  });
  return {
    // The first move counts: the next one does not make what is indexed newer.
    moved: (tree) => void since.set(tree, since.get(tree) || performance.now()),
    caughtUp: (tree) => void since.set(tree, 0),
    forget: (tree) => void since.delete(tree),
  };
}
