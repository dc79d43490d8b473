import fc from "fast-check";
import { type CommitSpec, type File, type Files, file } from "./fixture.ts";

/** A base and two sides, as `git cherry-pick` meets them. */
export interface Scenario {
  readonly base: Files;
  readonly ours: Files;
  readonly theirs: Files;
}

/** Few names, so that both sides often mean the same file; `new` is a directory in one and a file in another. */
const OLD_PATHS = ["a.c", "b.c", "fs/c.c", "fs/d.c", "fs/sub/e.c", "run.sh", "link"];
const NEW_PATHS = ["new", "new/f.c", "fs/g.c", "lib/h.c", "fs/sub/i.c", "fs"];

type Operation =
  | { readonly kind: "edit"; readonly path: string; readonly line: number; readonly remove: number; readonly text: string }
  | { readonly kind: "delete"; readonly path: string }
  | { readonly kind: "rename"; readonly path: string; readonly to: string }
  | { readonly kind: "rewrite"; readonly path: string; readonly to: string; readonly keep: number }
  | { readonly kind: "rename-directory"; readonly to: string }
  | { readonly kind: "mode"; readonly path: string }
  | { readonly kind: "add"; readonly path: string; readonly text: string }
  | { readonly kind: "cut-newline"; readonly path: string }
  | { readonly kind: "binary"; readonly path: string; readonly seed: number };

const oldPath = fc.constantFrom(...OLD_PATHS);
const newPath = fc.constantFrom(...NEW_PATHS);
const text = fc.constantFrom("int x;\n", "int y;\n", "return 0;\n", "f(\xe9);\n", "");

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("edit" as const), path: oldPath, line: fc.nat(15), remove: fc.nat(2), text }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), path: oldPath }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("rename" as const), path: oldPath, to: newPath }) },
  // Renamed, with about half of its lines: git may still know it or not.
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("rewrite" as const), path: oldPath, to: newPath, keep: fc.integer({ min: 4, max: 12 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rename-directory" as const), to: fc.constantFrom("net", "fs2") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("mode" as const), path: oldPath }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("add" as const), path: newPath, text }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut-newline" as const), path: oldPath }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("binary" as const), path: oldPath, seed: fc.nat(3) }) },
);

function baseFiles(): Map<string, File> {
  const files = new Map<string, File>();
  for (const path of OLD_PATHS) {
    const lines = Array.from({ length: 16 }, (_, at) => `${path} ${at}: ${"statement ".repeat(at % 3)};\n`);
    files.set(path, file(lines.join("")));
  }
  files.set("run.sh", file("#!/bin/sh\nexit 0\n", "100755"));
  files.set("link", file("a.c", "120000"));
  return files;
}

/** Puts a file where it fits: a tree cannot hold a file and a directory of one name. */
function put(files: Map<string, File>, path: string, content: File): void {
  for (const other of [...files.keys()]) if (other.startsWith(`${path}/`) || path.startsWith(`${other}/`)) files.delete(other);
  files.set(path, content);
}

function edited(content: File, change: (text: string) => string): File {
  return { ...content, bytes: Buffer.from(change(content.bytes.toString("latin1")), "latin1") };
}

function perform(files: Map<string, File>, change: Operation): void {
  if (change.kind === "add") {
    put(files, change.path, file(`a new file\n${change.text}`));
    return;
  }
  if (change.kind === "rename-directory") {
    for (const [path, content] of [...files]) {
      if (!path.startsWith("fs/")) continue;
      files.delete(path);
      files.set(`${change.to}/${path.slice(3)}`, content);
    }
    return;
  }
  const content = files.get(change.path);
  if (content === undefined) return;
  // A link to an empty name or one with a NUL cannot be checked out, so git cherry-pick could not judge it: links are only pointed elsewhere.
  if (content.mode === "120000" && (change.kind === "edit" || change.kind === "binary")) {
    files.set(change.path, file(`${change.kind}.c`, "120000"));
    return;
  }
  if (change.kind === "delete") files.delete(change.path);
  else if (change.kind === "mode") files.set(change.path, { ...content, mode: content.mode === "100755" ? "100644" : "100755" });
  else if (change.kind === "binary") files.set(change.path, { ...content, bytes: Buffer.from([0, 1, change.seed, 255, 10, 0]) });
  else if (change.kind === "cut-newline")
    files.set(
      change.path,
      edited(content, (old) => old.replace(/\n$/, "")),
    );
  else if (change.kind === "rewrite") {
    files.delete(change.path);
    const kept = (old: string) => `${old.split("\n").slice(0, change.keep).join("\n")}\n${"another line\n".repeat(2 * (16 - change.keep))}`;
    put(files, change.to, content.mode === "120000" ? content : edited(content, kept));
  } else if (change.kind === "rename") {
    files.delete(change.path);
    put(files, change.to, content);
  } else if (change.kind === "edit") {
    const replace = (old: string) => {
      const lines = old.split("\n");
      lines.splice(Math.min(change.line, lines.length), change.remove, ...(change.text === "" ? [] : [change.text.trimEnd()]));
      return lines.join("\n");
    };
    files.set(change.path, edited(content, replace));
  }
}

function side(operations: readonly Operation[]): Files {
  const files = baseFiles();
  for (const change of operations) perform(files, change);
  return files;
}

const operations = fc.array(operation, { minLength: 1, maxLength: 4 });

export const scenario: fc.Arbitrary<Scenario> = fc
  .record({ ours: operations, theirs: operations })
  .map(({ ours, theirs }) => ({ base: baseFiles(), ours: side(ours), theirs: side(theirs) }));

/** The three commits of a scenario, as refs `base<at>`, `ours<at>` and `theirs<at>`. */
export function commitsOf(at: number, { base, ours, theirs }: Scenario): CommitSpec[] {
  const from = `refs/heads/base${at}`;
  return [
    { ref: from, parents: [], files: base },
    { ref: `refs/heads/ours${at}`, parents: [from], files: ours },
    { ref: `refs/heads/theirs${at}`, parents: [from], files: theirs },
  ];
}
