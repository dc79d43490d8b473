import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { runGit } from "../src/git/process.ts";
import { readReferences } from "../src/rules/read-references.ts";
import { readOptions, required, UsageError } from "./usage.ts";

/** One labelled commit: every reference that a person sees in its message. An id may be abbreviated. */
interface Label {
  readonly commit: string;
  readonly references: readonly { readonly kind: string; readonly id: string }[];
}

const OID = /^[0-9a-f]{40}$/;

/** @throws UsageError when the file is no list of labels */
function readLabels(file: string): Label[] {
  const labels: unknown = JSON.parse(readFileSync(file, "utf8"));
  const isLabel = (one: Partial<Label> | null): boolean => OID.test(one?.commit ?? "") && Array.isArray(one?.references);
  if (!Array.isArray(labels) || !labels.every(isLabel)) throw new UsageError(`${file} is no list of {commit, references: [{kind, id}]}`);
  return labels as Label[];
}

async function messages(gitDir: string, oids: readonly string[]): Promise<Map<string, string>> {
  const input = oids.map((oid) => `${oid}\n`).join("");
  const args = ["log", "--no-walk=unsorted", "--stdin", "--encoding=UTF-8", "--format=%x00%H%n%B"];
  const printed = (await runGit(args, { gitDir, input })).toString("utf8");
  return new Map(
    printed
      .split("\0")
      .slice(1)
      .map((record) => [record.slice(0, 40), record.slice(41)]),
  );
}

/** How many of the ids name one commit of the repository, none, or several. */
async function resolutions(gitDir: string, ids: readonly string[]): Promise<string> {
  const printed = await runGit(["cat-file", "--batch-check=%(objecttype)"], {
    gitDir,
    input: ids.map((id) => `${id}^{commit}\n`).join(""),
  });
  const lines = printed.toString().trimEnd().split("\n");
  const of = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length;
  return `${of(/^commit$/)} found, ${of(/missing$/)} dangling, ${of(/ambiguous$/)} ambiguous`;
}

/** Compares the references that the rules read with labels. Options: `--repo R`, `--labels JSON`. Every difference is printed. */
export async function run(args: string[]): Promise<Record<string, number>> {
  const values = readOptions(args, { repo: { type: "string" }, labels: { type: "string" } });
  const gitDir = resolve(required("repo", values.repo));
  const labels = readLabels(required("labels", values.labels));
  const texts = await messages(
    gitDir,
    labels.map((label) => label.commit),
  );
  let [labelled, read, right] = [0, 0, 0];
  const ids: string[] = [];
  for (const { commit, references } of labels) {
    const wanted = new Set(references.map(({ kind, id }) => `${kind} ${id.toLowerCase()}`));
    const found = readReferences(texts.get(commit) ?? "");
    const got = new Set(found.map(({ kind, id }) => `${kind} ${id}`));
    labelled += wanted.size;
    read += got.size;
    right += wanted.intersection(got).size;
    ids.push(...found.map(({ id }) => id));
    for (const one of wanted.difference(got)) console.log(`  missed in ${commit}: ${one}`);
    for (const one of got.difference(wanted)) console.log(`  wrong in ${commit}: ${one}`);
  }
  console.log(`${labels.length} commits, ${labelled} references labelled, ${read} read; of these ids ${await resolutions(gitDir, ids)}`);
  return { commits: labels.length, recall: labelled === 0 ? 1 : right / labelled, precision: read === 0 ? 1 : right / read };
}
