import { ApiProblem } from "../problems.ts";
import type { Signature } from "../schema/signature.ts";
import { type Asker, runForRequest, runTwice } from "./failure.ts";
import type { JobContext } from "./parts.ts";

const MAX_WAITING_TEXTS = 16;
const READ_CRASH_LIMIT_MS = 60_000;

/** @throws ApiProblem for a blank text */
export function checkCrashText(text: string): void {
  if (text.trim() !== "") return;
  const detail = "The crash text is blank; send the kernel log around the crash.";
  throw new ApiProblem("invalid-request", detail, [{ pointer: "/crash", detail }]);
}

/** Reads a crash text in a worker. What is no crash has a signature too, which says so. */
export async function readCrashText(context: JobContext, text: string, asker: Asker, signal: AbortSignal): Promise<Signature> {
  if (context.texts.size >= MAX_WAITING_TEXTS) {
    throw new ApiProblem("service-busy", "Too many crash texts are waiting to be read. Ask again in a few seconds.");
  }
  const limit = { ms: READ_CRASH_LIMIT_MS, signal, ...asker, fallback: "internal-error" } as const;
  return runForRequest(context, (task) => runTwice(context, { kind: "read-crash", text }, task), context.texts, limit);
}

/** @throws ApiProblem crash-not-recognised when the signature has nothing to search for */
export function requireRecognised(signature: Signature): Signature {
  if (signature.frames.length > 0 || signature.identifiers.length > 0 || signature.messages.length > 0) return signature;
  throw new ApiProblem(
    "crash-not-recognised",
    "The text in `crash` has no stack frame, no kernel message and no known name. Send the kernel log from the first line of the report to its end, as dmesg or the serial console shows it.",
    [{ pointer: "/crash", detail: "nothing recognised" }],
  );
}
