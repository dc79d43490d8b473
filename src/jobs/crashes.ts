import { createHash } from "node:crypto";
import { ApiProblem } from "../problems.ts";
import type { CrashRequest } from "../schema/crash.ts";
import type { Signature } from "../schema/signature.ts";
import {
  addCrash,
  type CrashGroupRow,
  type CrashRow,
  countCrashes,
  crashSignature,
  crashText,
  getCrash,
  listGroups,
  nextOutdated,
  updateCrash,
} from "../store/crashes.ts";
import { type Asker, runTwice } from "./failure.ts";
import type { JobContext } from "./parts.ts";
import { checkCrashText, readCrashText, requireRecognised } from "./read-crash-text.ts";

/** The same text is the same crash, whoever sends it. */
const crashId = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 32);

/** Reads and keeps a crash; it is committed when this returns. @throws ApiProblem crash-not-recognised, too-many-crashes */
export async function submitCrash(
  context: JobContext,
  { crash: text, source }: CrashRequest,
  asker: Asker,
  signal: AbortSignal,
): Promise<KeptCrash & { readonly created: boolean }> {
  checkCrashText(text);
  const id = crashId(text);
  const known = await findCrash(context, id);
  if (known !== null) return { ...known, created: false };
  await requireRoom(context);
  const signature = requireRecognised(await readCrashText(context, text, asker, signal));
  const now = new Date().toISOString();
  const row: CrashRow = {
    id,
    fingerprint: signature.fingerprint.loose,
    crashKind: signature.kind,
    title: signature.title,
    source,
    bytes: Buffer.byteLength(text),
    createdAt: now,
    updatedAt: now,
  };
  const created = await addCrash(context.db, row, text, signature, readerOf(context));
  // Another caller may have kept it first, and one may have removed it already.
  return { row: (created ? null : await getCrash(context.db, id)) ?? row, signature, created };
}

export interface KeptCrash {
  readonly row: CrashRow;
  readonly signature: Signature;
}

/** null also when it is removed meanwhile. */
export async function findCrash({ db }: Pick<JobContext, "db">, id: string): Promise<KeptCrash | null> {
  const row = await getCrash(db, id);
  const signature = row === null ? null : await crashSignature(db, id);
  return row === null || signature === null ? null : { row, signature };
}

const readerOf = ({ versions }: Pick<JobContext, "versions">) => `${versions.rulesVersion} ${versions.engineVersion}`;

/** Reads the texts anew that another version has read, one after the other, so that all crashes are grouped by the same rules. */
export async function rereadCrashes(context: JobContext, signal: AbortSignal): Promise<void> {
  const readBy = readerOf(context);
  let count = 0;
  for (let id = await nextOutdated(context.db, readBy, ""); id !== null; id = await nextOutdated(context.db, readBy, id)) {
    signal.throwIfAborted();
    try {
      const text = await crashText(context.db, id);
      if (text === null) continue;
      const task = { kind: "read-crash" as const, text };
      await updateCrash(context.db, id, await runTwice(context, task, { report: () => {}, signal }), readBy);
      count += 1;
    } catch (error) {
      if (signal.aborted) return;
      // It stays as it was read before.
      context.log.warn({ err: error, crash: id }, "a crash could not be read anew");
    }
  }
  if (count > 0) context.log.info({ count }, "crashes were read anew");
}

async function requireRoom(context: JobContext): Promise<void> {
  const { maxCrashes } = context.limits;
  if ((await countCrashes(context.db)) < maxCrashes) return;
  throw new ApiProblem("too-many-crashes", `The service keeps ${maxCrashes} crashes, its maximum. DELETE some that are no longer needed.`);
}

/** What is found of a crash that was asked for. @throws ApiProblem crash-not-found when that is nothing */
export function required<T>(found: T | null, id: string): T {
  if (found !== null) return found;
  throw new ApiProblem("crash-not-found", `There is no crash "${id}". GET /v1/crashes lists them.`);
}

/** @throws ApiProblem signature-not-found when no crash has the fingerprint */
export async function requireGroup(context: Pick<JobContext, "db">, fingerprint: string): Promise<CrashGroupRow> {
  const [group] = await listGroups(context.db, { fingerprint }, null, 1);
  if (group !== undefined) return group;
  throw new ApiProblem(
    "signature-not-found",
    `No crash that is kept has the fingerprint "${fingerprint}". GET /v1/signatures lists those that have.`,
  );
}
