import assert from "node:assert/strict";
import { test } from "node:test";
import { rememberAnswers } from "../../src/git/remember-answers.ts";

function counted(answers: readonly (string | Error)[]) {
  let asked = 0;
  const ask = async (): Promise<string> => {
    const answer = answers[asked++] ?? "too often";
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { ask, asked: () => asked };
}

test("an answer is asked for once, also by those who ask at the same time", async () => {
  const { ask, asked } = counted(["first"]);
  const answers = rememberAnswers<string>(10);
  assert.deepEqual(await Promise.all([answers(["a", [1, 2]], ask), answers(["a", [1, 2]], ask)]), ["first", "first"]);
  assert.equal(await answers(["a", [1, 2]], ask), "first");
  assert.equal(asked(), 1);
});

test("other questions are other answers, and the oldest are forgotten", async () => {
  const { ask } = counted(["a", "b", "c", "a again"]);
  const answers = rememberAnswers<string>(2);
  for (const [key, answer] of [
    ["a", "a"],
    ["b", "b"],
    ["c", "c"],
    ["c", "c"],
    ["a", "a again"],
  ] as const)
    assert.equal(await answers([key], ask), answer);
});

test("a failure is not remembered", async () => {
  const { ask } = counted([new Error("away"), "back"]);
  const answers = rememberAnswers<string>(10);
  await assert.rejects(answers(["a"], ask), /away/);
  assert.equal(await answers(["a"], ask), "back");
});
