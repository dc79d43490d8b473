/** Runs the tests (all, or the files given) and fails when none ran: node:test itself is content with nothing. */
import { spawn } from "node:child_process";
import { THREAD_OPTIONS } from "../src/thread-options.ts";

const files = process.argv.length > 2 ? process.argv.slice(2) : ["test/**/*.test.ts"];
// Like the service: without tsx where Node reads TypeScript itself.
const child = spawn(process.execPath, [...THREAD_OPTIONS, "--test", "--test-reporter=tap", ...files], {
  stdio: ["ignore", "pipe", "inherit"],
});
let tail = "";
child.stdout.setEncoding("utf8").on("data", (text: string) => {
  process.stdout.write(text);
  tail = (tail + text).slice(-2000);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
child.once("close", (code) => {
  const ran = Number(/^# tests (\d+)$/m.exec(tail)?.[1] ?? 0);
  if (ran === 0) process.stderr.write("no test ran\n");
  process.exitCode = ran === 0 ? 1 : (code ?? 1);
});
