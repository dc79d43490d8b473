import { looksLikePatch } from "../patch/parse.ts";
import { ApiProblem } from "../problems.ts";
import type { AnalysisRequest, Question } from "../schema/analysis.ts";
import type { Asker } from "./failure.ts";
import type { JobContext } from "./parts.ts";
import { checkCrashText, readCrashText, requireRecognised } from "./read-crash-text.ts";

const QUESTIONS = ["crash", "signature", "commits", "patch"] as const;

function invalid(pointer: string, detail: string): ApiProblem {
  return new ApiProblem("invalid-request", detail, [{ pointer, detail }]);
}

/** @throws ApiProblem unless exactly one of crash, signature, commits and patch is given, and crash and patch say something. */
export function checkQuestion(request: AnalysisRequest): void {
  const given = QUESTIONS.filter((name) => request[name] !== undefined);
  if (given.length !== 1) {
    const detail = `Give exactly one of crash, signature, commits and patch; ${given.length === 0 ? "none is there" : `there are ${given.join(" and ")}`}.`;
    throw new ApiProblem(
      "invalid-request",
      detail,
      given.length === 0 ? [{ pointer: "", detail }] : given.map((name) => ({ pointer: `/${name}`, detail })),
    );
  }
  if (request.crash !== undefined) checkCrashText(request.crash);
  if (request.patch === undefined) return;
  if (request.patch.trim() === "") throw invalid("/patch", "The patch is blank; send a unified diff or a format-patch mail.");
  if (looksLikePatch(request.patch)) return;
  throw new ApiProblem(
    "patch-not-recognised",
    "The text in `patch` holds no diff. Send the output of git format-patch, git diff or diff -u.",
    [{ pointer: "/patch", detail: "no diff found" }],
  );
}

/** What is asked, in the form that the id is derived from. A crash text is read by a worker. */
export async function readQuestion(context: JobContext, request: AnalysisRequest, asker: Asker, signal: AbortSignal): Promise<Question> {
  if (request.signature !== undefined) return { kind: "signature", signature: request.signature };
  if (request.commits !== undefined) return { kind: "commits", oids: [...new Set(request.commits)] };
  if (request.patch !== undefined) return { kind: "patch", text: request.patch };
  return { kind: "signature", signature: requireRecognised(await readCrashText(context, request.crash ?? "", asker, signal)) };
}
