import { workerData } from "node:worker_threads";
import { writeCompiledCode } from "../compiled-code.ts";
import { shareCounts } from "../git/child-counts.ts";
import { answerTasks } from "./worker-protocol.ts";
import { runTask } from "./worker-tasks.ts";

// What worker-pool.ts gives to every thread.
shareCounts(workerData as Int32Array);
// Most of what a first answer needs is compiled by then.
setTimeout(writeCompiledCode, 5000).unref();

/** Entry of the worker threads (worker-pool.ts). */
export default answerTasks(runTask);
