/** Run by mirror-kill.test.ts: fetches one tree into a mirror, says when it begins, each step and when it has ended, and waits to be killed. */
import { openMirror } from "../../src/git/mirror.ts";

const [path = "", remote = ""] = process.argv.slice(2);
const mirror = await openMirror({ path, allowFile: true });
console.log("open");
await mirror.fetch({ tree: "big", remote, ref: "main", report: () => console.log("step") });
await mirror.maintain();
console.log("done");
setInterval(() => {}, 1000);
