import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openMirror } from "../../src/git/mirror.ts";
import { buildRepository, type CommitSpec, git, gitSucceeds, temporaryDirectory } from "./fixture.ts";

const ROUNDS = 5;
const KILLS = 4;
/** A generator with a fixed seed. A moment is a step that git reports, not a time: on a busy machine a time may come before the clone or after it. */
function moments(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}

test(`a clone is killed ${KILLS} times at any moment; the next start goes on, and the result is that of an undisturbed clone`, async (t) => {
  const directory = temporaryDirectory(t);
  const commits = Array.from(
    { length: 60 },
    (_, at): CommitSpec => ({
      ref: "refs/heads/main",
      parents: [],
      files: new Map(["a", "b", "c"].map((name) => [`${name}${at % 7}`, { mode: "100644", bytes: randomBytes(120_000) }])),
    }),
  );
  const source = buildRepository(join(directory, "source"), commits);
  for (let at = 0; at < 60; at += 5) git(source, ["tag", "-a", "-m", "x", `v${at}`, `main~${at}`]);
  const undisturbed = join(directory, "undisturbed");
  const calm = await openMirror({ path: undisturbed, allowFile: true });
  let steps = 0;
  await calm.fetch({
    tree: "big",
    remote: source,
    ref: "main",
    report: () => {
      steps += 1;
    },
  });

  const random = moments();
  const script = fileURLToPath(new URL("fetch-child.ts", import.meta.url));
  let unfinished = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const disturbed = join(directory, `disturbed-${round}`);
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const child = spawn(process.execPath, ["--import", "tsx", script, disturbed, source], { stdio: ["ignore", "pipe", "inherit"] });
      t.after(() => child.kill("SIGKILL"));
      // The later ones also meet the end of the clone, and the upkeep after it.
      const moment = (random() * steps * kill) / 3;
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => {
        said += chunk;
      });
      const reached = () => said.includes("open") && said.split("step").length > moment;
      while (!reached() && !said.includes("done") && child.exitCode === null) await sleep(2);
      child.kill("SIGKILL");
      if (!said.includes("done")) unfinished += 1;
    }
    const mirror = await openMirror({ path: disturbed, allowFile: true });
    const { after } = await mirror.fetch({ tree: "big", remote: source, ref: "main" });
    assert.equal(after, git(source, ["rev-parse", "main"]));
    await mirror.maintain();
    assert.deepEqual(refs(disturbed), refs(undisturbed));
    assert.ok(gitSucceeds(disturbed, ["fsck"]));
    const odd = readdirSync(disturbed, { recursive: true }).filter((name) => /\.lock$|\/tmp_|\.keep$/.test(String(name)));
    assert.deepEqual(odd, []);
  }
  assert.ok(unfinished >= ROUNDS, `${unfinished} of ${ROUNDS * KILLS} kills came before the end`);
});

function refs(path: string): string[] {
  return git(path, ["for-each-ref", "--format=%(refname) %(objectname)"])
    .split("\n")
    .filter((line) => line !== "");
}

test("a git that outlived its service is ended with all that it started before the next one begins; others are left alone", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "mirror");
  await openMirror({ path, allowFile: true });
  const outlive = (gitDir: string) => {
    const script = `spawn("sh", ["-c", "sleep 60 & wait"], { env: { GIT_DIR: process.argv[1] }, detached: true, stdio: "ignore" })`;
    const parent = spawnSync(process.execPath, ["-e", `console.log(require("node:child_process").${script}.pid); process.exit()`, gitDir]);
    const pid = Number(parent.stdout.toString());
    t.after(() => {
      if (alive(pid)) process.kill(-pid, "SIGKILL");
    });
    return pid;
  };
  const [orphan, other] = [outlive(path), outlive(`${path}-of-another`)];
  assert.ok(alive(orphan));
  await openMirror({ path, allowFile: true });
  assert.equal(alive(orphan), false);
  assert.ok(alive(other));
});

/** Whether a process of this group runs. */
function alive(group: number): boolean {
  return readdirSync("/proc").some((pid) => {
    try {
      const [, state, , of] = /\) (\S) (\d+) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
      return Number(of) === group && state !== "Z";
    } catch {
      return false;
    }
  });
}
