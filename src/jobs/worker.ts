import { answerTasks } from "./worker-protocol.ts";
import { runTask } from "./worker-tasks.ts";

/** Entry of the worker threads (worker-pool.ts). */
export default answerTasks(runTask);
