/** The demo from end to end: real service, real trees, and it leaves nothing behind. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { runDemo } from "../../src/demo.ts";

async function demo(signal: AbortSignal): Promise<{ code: number; text: string }> {
  let text = "";
  const code = await runDemo({ keep: false, out: { write: (piece: string) => (text += piece) }, environment: process.env, signal });
  return { code, text };
}

async function leftovers(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith("backportd-demo-"));
}

describe("demo", () => {
  it("gets every promised answer from the service, and removes its files", { timeout: 120_000 }, async () => {
    const before = await leftovers();
    const { code, text } = await demo(AbortSignal.timeout(110_000));
    assert.equal(code, 0, text);
    assert.match(text, /All answers are as examples\/expected\.ts promises\.\n$/);
    for (const line of text.split("\n")) assert.ok(line.length <= 110, line);
    const url = /service at (\S+)/.exec(text)?.[1] ?? assert.fail(text);
    await assert.rejects(fetch(`${url}/healthz`), "the service still answers");
    assert.deepEqual(
      (await leftovers()).filter((name) => !before.includes(name)),
      [],
    );
  });

  it("ends with 1 when it is stopped early, and removes its files", { timeout: 60_000 }, async () => {
    const before = await leftovers();
    const { code, text } = await demo(AbortSignal.abort());
    assert.equal(code, 1);
    assert.match(text, /stopped\n$/);
    assert.deepEqual(
      (await leftovers()).filter((name) => !before.includes(name)),
      [],
    );
  });
});
