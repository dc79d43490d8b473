import type { Chosen } from "../analysis/plan-steps.ts";
import type { SearchAnswer, SearchQuestion } from "../analysis/search.ts";
import type { OwnConvention } from "../rules/own-conventions.ts";
import type { AnalysisOptions, AnalysisResult, CommitPresence, CommitStatus, Question } from "../schema/analysis.ts";
import type { PinnedTree, ReportProgress, TreeRole } from "../schema/common.ts";
import type { PlanMove, PlanOptions, PlanResult } from "../schema/plan.ts";
import type { Signature } from "../schema/signature.ts";

/** What the service asks of a worker thread. Paths and ids only, no open handles. worker-tasks.ts does the work. */
export interface IndexTask {
  readonly kind: "index";
  readonly gitDir: string;
  readonly indexPath: string;
  /** Every tree whose head is in the mirror. */
  readonly trees: readonly { readonly id: string; readonly role: TreeRole; readonly headOid: string }[];
  readonly conventions: readonly OwnConvention[];
}

/** Asks about a tree: its pins, and where mirror and index are. */
interface TreeTask {
  readonly gitDir: string;
  readonly indexPath: string;
  /** A folder for disposable object stores; emptied when the service starts. */
  readonly scratchRoot: string;
  readonly target: PinnedTree;
  readonly upstreams: readonly PinnedTree[];
}

export interface AnalyseTask extends TreeTask {
  readonly kind: "analyse";
  readonly question: Question;
  readonly options: AnalysisOptions;
}

export interface CommitTask extends TreeTask {
  readonly kind: "commit";
  /** 7 to 40 lower-case hexadecimal digits. */
  readonly oid: string;
}

/** Many commits against one tree, without trying to apply them: about 4 ms each. */
export interface CommitsTask extends TreeTask {
  readonly kind: "commits";
  /** Each 7 to 40 lower-case hexadecimal digits. */
  readonly ids: readonly string[];
}

/** Answered from the index alone: no git is started. */
export interface SearchTask extends SearchQuestion {
  readonly kind: "search";
  readonly indexPath: string;
}

export interface PlanTask extends TreeTask {
  readonly kind: "plan";
  /** Each 7 to 40 lower-case hexadecimal digits. */
  readonly ids: readonly string[];
  readonly options: PlanOptions;
}

/** The steps of a plan on another head of its target. */
export interface PlanMoveTask extends TreeTask {
  readonly kind: "plan-move";
  readonly steps: readonly Chosen[];
  readonly files: readonly string[];
  /** The head that the plan was made for. */
  readonly from: string;
  readonly accepted: PlanOptions["adaptation"];
}

/** A graph in the language of Graphviz, to be drawn as SVG. */
export interface DrawTask {
  readonly kind: "draw";
  readonly dot: string;
}

export interface ReadCrashTask {
  readonly kind: "read-crash";
  readonly text: string;
}

export type WorkerTask =
  | IndexTask
  | AnalyseTask
  | CommitTask
  | CommitsTask
  | PlanTask
  | PlanMoveTask
  | SearchTask
  | DrawTask
  | ReadCrashTask;

export interface IndexResult {
  readonly commits: number;
  readonly patches: number;
}

/** `ambiguous` lists the full ids that the abbreviation names. */
export type CommitResult = Omit<CommitStatus, "kind" | "url"> | { readonly notFound: true } | { readonly ambiguous: readonly string[] };

/** In the order of the ids asked for. */
export type CommitsResult = readonly ((CommitPresence | { readonly notFound: true } | { readonly ambiguous: readonly string[] }) & {
  /** As asked for. */
  readonly id: string;
})[];

interface Results {
  readonly index: IndexResult;
  readonly analyse: AnalysisResult;
  readonly commit: CommitResult;
  readonly commits: CommitsResult;
  readonly plan: PlanResult;
  readonly "plan-move": Pick<PlanMove, "files" | "applies" | "failure">;
  readonly search: SearchAnswer;
  readonly draw: string;
  readonly "read-crash": Signature;
}

export type TaskResult = Results[keyof Results];
export type ResultOf<T extends WorkerTask> = Results[T["kind"]];

export interface TaskContext {
  /** May be called as often as wanted; the worker thins it out. */
  readonly report: ReportProgress;
  /** Aborted when the caller cancels. Work that does not end within a second is ended with its thread. */
  readonly signal: AbortSignal;
}

export type RunTask = (task: WorkerTask, context: TaskContext) => Promise<TaskResult>;

/** Runs tasks somewhere else than in this thread. */
export interface Workers {
  /**
   * @throws TaskFailed when the task threw, WorkerDied when its thread ended, the signal's reason when it was aborted.
   */
  run<T extends WorkerTask>(task: T, context: TaskContext): Promise<ResultOf<T>>;
  close(): Promise<void>;
}
