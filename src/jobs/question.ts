import { readMails } from "../patch/mails.ts";
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

/** @throws ApiProblem unless exactly one of crash, signature, commits and patch is given (or a patch with one of the first two), crash and patch say something, and the time asked for can be. */
export function checkQuestion(request: AnalysisRequest): void {
  const isCrash = request.crash !== undefined || request.signature !== undefined;
  const given = QUESTIONS.filter((name) => request[name] !== undefined && !(name === "patch" && isCrash));
  if (given.length !== 1) {
    const detail = `Give exactly one of crash, signature, commits and patch, or a patch with a crash or signature; ${given.length === 0 ? "none is there" : `there are ${given.join(" and ")}`}.`;
    throw new ApiProblem(
      "invalid-request",
      detail,
      given.length === 0 ? [{ pointer: "", detail }] : given.map((name) => ({ pointer: `/${name}`, detail })),
    );
  }
  checkWindow(request);
  if (request.crash !== undefined) checkCrashText(request.crash);
  if (request.patch === undefined) return;
  if (request.patch.trim() === "") throw invalid("/patch", "The patch is blank; send a unified diff or a format-patch mail.");
  // An attached or encoded patch shows only when its mail is read.
  if (looksLikePatch(request.patch) || readMails(request.patch).length > 0) return;
  throw new ApiProblem(
    "patch-not-recognised",
    "The text in `patch` holds no diff. Send the output of git format-patch, git diff or diff -u.",
    [{ pointer: "/patch", detail: "no diff found" }],
  );
}

/** Only the search for the fix of a crash has a time that it can be limited to. */
function checkWindow({ crash, signature, options }: AnalysisRequest): void {
  const isCrash = crash !== undefined || signature !== undefined;
  for (const name of ["since", "until"] as const) {
    if (options?.[name] !== undefined && !isCrash)
      throw invalid(
        `/options/${name}`,
        `\`${name}\` limits where the fix of a crash is looked for; this question has no crash. Leave it out.`,
      );
  }
  const { since, until } = options ?? {};
  if (since === undefined || until === undefined || Date.parse(since) <= Date.parse(until)) return;
  throw invalid("/options/since", `\`since\` (${since}) is later than \`until\` (${until}): no commit lies between them.`);
}

/** What is asked, in the form that the id is derived from. A crash text is read by a worker. */
export async function readQuestion(context: JobContext, request: AnalysisRequest, asker: Asker, signal: AbortSignal): Promise<Question> {
  const patch = request.patch === undefined ? {} : { patch: request.patch };
  if (request.signature !== undefined) return { kind: "signature", signature: request.signature, ...patch };
  if (request.commits !== undefined) return { kind: "commits", oids: [...new Set(request.commits)] };
  if (request.crash === undefined) return { kind: "patch", text: request.patch ?? "" };
  return { kind: "signature", signature: requireRecognised(await readCrashText(context, request.crash, asker, signal)), ...patch };
}
