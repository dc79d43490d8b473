import { isUsage, UsageError } from "./usage.ts";

/** Prints what it measures and returns its figures by name. */
type Task = (args: string[]) => Promise<Record<string, number>>;

const TASKS: Readonly<Record<string, () => Promise<{ readonly run: Task }>>> = {
  adapt: () => import("./adapt.ts"),
  apply: () => import("./apply.ts"),
  commits: () => import("./commits.ts"),
  crash: () => import("./crash.ts"),
  "crash-cases": () => import("./crash-cases.ts"),
  "crash-linear": () => import("./crash-linear.ts"),
  "crash-mutate": () => import("./crash-mutate.ts"),
  "crash-speed": () => import("./crash-speed.ts"),
  fuzz: () => import("./fuzz.ts"),
  "index-kill": () => import("./index-kill.ts"),
  ingest: () => import("./ingest.ts"),
  pairs: () => import("./make-pairs.ts"),
  kill: () => import("./kill.ts"),
  load: () => import("./load.ts"),
  presence: () => import("./presence.ts"),
  prerequisites: () => import("./prerequisites.ts"),
  rank: () => import("./rank.ts"),
  "rank-fit": () => import("./rank-fit.ts"),
  references: () => import("./references.ts"),
  scale: () => import("./scale.ts"),
};

async function measure(name: string | undefined, args: string[]): Promise<Record<string, number>> {
  const load = name !== undefined && Object.hasOwn(TASKS, name) ? TASKS[name] : undefined;
  if (load === undefined) throw new UsageError(`the tasks are ${Object.keys(TASKS).join(", ")}; not ${name ?? "nothing"}`);
  return (await load()).run(args);
}

/** Four decimals are more than the data can carry, and keep the line readable. */
function rounded(figures: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toFixed(4))]));
}

const [task, ...args] = process.argv.slice(2);
try {
  const figures = await measure(task, args);
  console.log(JSON.stringify(rounded(figures)));
} catch (error) {
  console.error(isUsage(error) ? `eval: ${error.message.split("\n")[0]}` : error);
  process.exitCode = isUsage(error) ? 2 : 1;
}
