import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { git, temporaryDirectory } from "../git/fixture.ts";

export interface Entry {
  readonly mode: string;
  readonly name: string;
  readonly oid: string;
}

export interface HostileRepository {
  readonly path: string;
  blob(content: string | Buffer): string;
  /** Writes a tree as it is, without the checks of git. */
  tree(entries: readonly Entry[]): string;
  /** Writes a commit as it is, and returns its id. */
  commit(tree: string, parents: readonly string[], message: string | Buffer, author?: string): string;
  branch(name: string, oid: string): void;
}

/** A repository into which objects are written that git itself would not make. */
export function hostileRepository(t: TestContext): HostileRepository {
  const path = join(temporaryDirectory(t), "hostile.git");
  git("/", ["init", "--quiet", "--bare", path]);
  const write = (type: string, content: Buffer) =>
    execFileSync("git", ["hash-object", "-t", type, "-w", "--literally", "--stdin"], { cwd: path, input: content }).toString().trim();
  return {
    path,
    blob: (content) => write("blob", Buffer.from(content)),
    tree: (entries) => {
      const key = ({ mode, name }: Entry) => Buffer.from(mode === "40000" ? `${name}/` : name);
      const sorted = [...entries].sort((a, b) => Buffer.compare(key(a), key(b)));
      return write(
        "tree",
        Buffer.concat(sorted.flatMap(({ mode, name, oid }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, "hex")])),
      );
    },
    commit: (tree, parents, message, author = "A <a@example.org> 1600000000 +0000") => {
      const lines = [`tree ${tree}`, ...parents.map((parent) => `parent ${parent}`), `author ${author}`, `committer ${author}`, "", ""];
      return write("commit", Buffer.concat([Buffer.from(lines.join("\n")), Buffer.from(message)]));
    },
    branch: (name, oid) => void git(path, ["update-ref", `refs/heads/${name}`, oid]),
  };
}
