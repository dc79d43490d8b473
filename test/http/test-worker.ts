import { spawnGit } from "../../src/git/process.ts";
import { RemoteError } from "../../src/git/remote-error.ts";
import { answerTasks } from "../../src/jobs/worker-protocol.ts";
import { parsePatch } from "../../src/patch/parse.ts";
import { EMPTY_SIGNATURE } from "./support.ts";

/** A worker whose behaviour is the crash text that it is given. */
export default answerTasks(async (task, { report, signal }) => {
  switch (task.kind === "read-crash" ? task.text : "") {
    case "answer":
      for (let done = 0; done < 10_000; done++) report({ stage: "a", done, total: null });
      report({ stage: "b", done: 0, total: null });
      return { ...EMPTY_SIGNATURE, title: "answered" };
    case "throw":
      throw new RemoteError("disk-full", "no space");
    case "patch":
      parsePatch("--- a/f\n+++ b/f\n@@ -1,9 +1,9 @@\n only\n");
      throw new Error("unreachable");
    case "exit":
      return process.exit(3);
    case "memory": {
      const hold: number[][] = [];
      for (;;) hold.push(new Array<number>(1_000_000).fill(hold.length));
    }
    case "polite":
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped")), { once: true }));
      throw new Error("unreachable");
    case "stubborn with git": {
      // Reads until its input is closed.
      const { pid } = spawnGit(["hash-object", "--stdin"]);
      report({ stage: "git", done: pid ?? 0, total: null });
      for (;;);
    }
    case "stubborn":
      for (;;);
    default:
      throw new Error("unknown behaviour");
  }
});
