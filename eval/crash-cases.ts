import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readCrash } from "../src/crash/read-crash.ts";
import { stripSymbol } from "../src/crash/symbol.ts";
import { frameClass } from "../src/rules/frame-lists.ts";
import type { CrashKind, Signature } from "../src/schema/signature.ts";
import { readOptions, required } from "./usage.ts";

/** What `index.json` of a folder of crash texts says of each text. */
const Labels = z.object({
  cases: z.array(
    z.object({
      file: z.string(),
      kind: z.string().optional(),
      title: z.string().optional(),
      arch: z.string().nullable(),
      kernelRelease: z.string().nullable(),
      keyFrames: z.array(z.string()).optional(),
    }),
  ),
});
type Label = z.infer<typeof Labels>["cases"][number];

interface Case {
  readonly label: Label;
  readonly text: string;
  readonly signature: Signature;
}

/** True, a reason why not, or null when the label or the text does not say it. */
type Judge = (one: Case) => true | string | null;

/** The kinds that a word of a label may stand for: `oops` tells no kind of fault, and a report about memory can come as any. */
const ACCESS: readonly CrashKind[] = ["null_deref", "paging_request", "exec_bad", "gpf"];
const KINDS: Readonly<Record<string, readonly CrashKind[]>> = {
  "null-deref": ["null_deref"],
  "paging-request": ["paging_request", "exec_bad"],
  gpf: ["gpf"],
  oops: [...ACCESS, "bug_on", "divide", "panic_other"],
  warning: ["warning", "refcount", "list_corruption", "lockdep", "rcu_usage"],
  bug_on: ["bug_on", "list_corruption"],
  lockdep: ["lockdep", "rcu_usage"],
  "atomic-sleep": ["atomic_sleep"],
  "soft-lockup": ["soft_lockup", "hard_lockup", "rcu_stall"],
  "hung-task": ["hung_task"],
};

/** The same for the titles that people give. A hang that no report of the kernel announced is seen by a stack, or not at all. */
const TITLE_KINDS: readonly { readonly words: RegExp; readonly kinds: readonly CrashKind[] }[] = [
  { words: /^list_\w+ corruption|list_\w+ corruption in/, kinds: ["list_corruption"] },
  { words: /^KASAN/, kinds: ["kasan"] },
  { words: /^UBSAN/, kinds: ["ubsan"] },
  { words: /NULL (?:deref|pointer)/, kinds: ["null_deref", "warning"] },
  { words: /^WARNING/, kinds: ["warning"] },
  { words: /^kernel BUG/, kinds: ["bug_on"] },
  { words: /general protection fault/, kinds: ["gpf"] },
  { words: /soft lockup/, kinds: ["soft_lockup"] },
  { words: /^memory leak/, kinds: ["leak"] },
  { words: /hang|deadlock|leak|Unable to/, kinds: ["stack_only", "log_message", "unknown"] },
];

function kindsOf(label: Label): readonly CrashKind[] | null {
  if (label.kind !== undefined) return KINDS[label.kind] ?? null;
  const { title = "" } = label;
  return TITLE_KINDS.find(({ words }) => words.test(title))?.kinds ?? null;
}

const judgeKind: Judge = ({ label, signature }) => {
  const kinds = kindsOf(label);
  if (kinds === null) return null;
  return kinds.includes(signature.kind) || `wanted ${label.kind ?? label.title}, got ${signature.kind}: ${signature.title}`;
};

/** Labels may say more than the release, or what the text does not state. */
const judgeRelease: Judge = ({ label, text, signature }) => {
  const release = /v?(\d\S*)/.exec(label.kernelRelease ?? "")?.[1];
  if (release === undefined || !text.includes(release)) return null;
  return signature.kernel?.release === release || `wanted ${release}, got ${signature.kernel?.release ?? "none"}`;
};

const FAMILIES: readonly (readonly string[])[] = [
  ["ppc", "ppc64"],
  ["s390", "s390x"],
];

/** An architecture that the text does not tell is no miss of the reader; one that contradicts the label is. */
const judgeArch: Judge = ({ label, signature }) => {
  if (label.arch === null || signature.arch === null) return null;
  const same =
    label.arch === signature.arch || FAMILIES.some((family) => [label.arch, signature.arch].every((arch) => family.includes(arch ?? "")));
  return same || `wanted ${label.arch}, got ${signature.arch}`;
};

/** `f.isra.57 [nfsd]` -> f, when it is on none of the frame lists. */
function tellingName(frame: string): string | null {
  const [raw = "", tag] = frame.split(" ");
  const module = tag === undefined || tag === "[inline]" || !tag.startsWith("[") ? null : tag.slice(1, -1);
  const symbol = stripSymbol(raw);
  return frameClass(symbol, module) === "no" ? symbol : null;
}

/** The first function that is on no frame list: that of the label which the text holds, or, where the label names none, any. */
const judgeFrame: Judge = ({ label, text, signature }) => {
  const telling = signature.frames.filter((frame) => frame.generic === "no").map((frame) => frame.symbol);
  if (label.keyFrames === undefined) return telling.length > 0 || signature.frames.length > 0 || `no frame: ${signature.title}`;
  const wanted = label.keyFrames.map(tellingName).find((name) => name !== null && text.includes(name));
  if (wanted === undefined) return null;
  const [first = "none"] = telling;
  return first === wanted || `wanted ${wanted}, got ${first}`;
};

const JUDGES: Readonly<Record<string, Judge>> = { kind: judgeKind, frame: judgeFrame, release: judgeRelease, arch: judgeArch };

/**
 * Reads the crash texts that an `index.json` labels (`cases[] {file, kind or title, arch, kernelRelease, keyFrames?}`) and compares; every miss
 * is listed. `both` is the share of texts with kind and frame right. Options: `--data DIR`.
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const data = required("data", readOptions(args, { data: { type: "string" } }).data);
  const { cases } = Labels.parse(JSON.parse(readFileSync(join(data, "index.json"), "utf8")));
  const read = cases.map((label): Case => {
    const text = readFileSync(join(data, label.file), "utf8");
    return { label, text, signature: readCrash(text) };
  });
  const figures: Record<string, number> = { files: read.length };
  const missed = new Set<Case>();
  for (const [name, judge] of Object.entries(JUDGES)) {
    const verdicts = read.map((one) => ({ one, verdict: judge(one) })).filter(({ verdict }) => verdict !== null);
    const misses = verdicts.filter(({ verdict }) => verdict !== true);
    figures[name] = verdicts.length === 0 ? 0 : (verdicts.length - misses.length) / verdicts.length;
    console.log(`${name.padEnd(8)} ${String(verdicts.length - misses.length).padStart(4)} of ${String(verdicts.length).padStart(4)}`);
    for (const { one, verdict } of misses) {
      console.log(`  ${one.label.file}: ${verdict}`);
      if (name === "kind" || name === "frame") missed.add(one);
    }
  }
  figures.both = read.length === 0 ? 0 : (read.length - missed.size) / read.length;
  return figures;
}
