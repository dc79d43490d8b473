import { workerData } from "node:worker_threads";
import { shareCounts } from "../git/child-counts.ts";
import { answerTasks } from "./worker-protocol.ts";
import { runTask } from "./worker-tasks.ts";

// What worker-pool.ts gives to every thread.
shareCounts(workerData as Int32Array);

/** Entry of the worker threads (worker-pool.ts). */
export default answerTasks(runTask);
