import { isOid } from "./oid.ts";
import { runGit } from "./process.ts";

const TREE = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** `refs/trees/<tree>`, below which all refs of a tree stand. @throws TypeError for what is not the id of a tree. */
export function refsOf(tree: string): string {
  if (!TREE.test(tree)) throw new TypeError(`not the id of a tree: ${JSON.stringify(tree.slice(0, 80))}`);
  return `refs/trees/${tree}`;
}

/** Where a fetch puts the new head until everything has arrived. */
export function incomingOf(tree: string): string {
  return `${refsOf(tree)}/incoming`;
}

/** The name under which a commit stays reachable after its tree was removed or its head replaced; it says since when (milliseconds). */
function keptRef(reason: "removed" | "replaced", tree: string): string {
  return `refs/kept/${Date.now()}/${reason}-${tree}`;
}

export const KEPT_REF = /^refs\/kept\/(?<since>\d+)\/(?<reason>removed|replaced)-/;

export interface MirrorRefs {
  /** The commit that a ref names, through tags; null when there is none. */
  commitAt(ref: string): Promise<string | null>;
  /** Full names below a prefix. */
  names(prefix: string): Promise<string[]>;
  /** tree -> commit. */
  heads(): Promise<Map<string, string>>;
  /** Makes what arrived the head, in one transaction; a head that is not in the new one's history is kept for a while. */
  moveHead(tree: string, before: string | null, after: string): Promise<void>;
  /** Takes all refs of a tree away; its head is kept for a while. */
  remove(tree: string): Promise<void>;
}

export function mirrorRefs(path: string): MirrorRefs {
  const git = (args: readonly string[], more: Parameters<typeof runGit>[1] = {}) => runGit(args, { ...more, gitDir: path });

  async function list(format: string, pattern: string): Promise<string[]> {
    const output = await git(["for-each-ref", `--format=${format}`, pattern]);
    return output.toString("utf8").split("\n").slice(0, -1);
  }

  async function commitAt(ref: string): Promise<string | null> {
    const output = await git(["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`], { okCodes: [0, 1, 128] });
    const oid = output.toString("latin1").trim();
    return isOid(oid) ? oid : null;
  }

  async function heads(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const line of await list("%(objectname) %(refname)", "refs/trees/*/head")) {
      const [oid, name] = line.split(" ");
      const tree = name?.split("/")[2];
      if (oid !== undefined && tree !== undefined) found.set(tree, oid);
    }
    return found;
  }

  /** False also when git cannot tell, because objects are missing. */
  function isAncestor(commit: string, of: string): Promise<boolean> {
    return git(["merge-base", "--is-ancestor", commit, of]).then(
      () => true,
      () => false,
    );
  }

  async function moveHead(tree: string, before: string | null, after: string): Promise<void> {
    let changes = `update ${refsOf(tree)}/head ${after}\ndelete ${incomingOf(tree)}\n`;
    if (before !== null && !(await isAncestor(before, after))) changes += `create ${keptRef("replaced", tree)} ${before}\n`;
    await git(["update-ref", "--stdin"], { input: changes });
    await git(["pack-refs", "--all"]);
  }

  async function remove(tree: string): Promise<void> {
    const refs = await list("%(objectname) %(refname)", `${refsOf(tree)}/`);
    const [anchor] = (refs.find((line) => line.endsWith("/head")) ?? refs[0] ?? "").split(" ");
    if (anchor === undefined || anchor === "") return;
    const deletions = refs.map((line) => `delete ${line.slice(line.indexOf(" ") + 1)}\n`);
    await git(["update-ref", "--stdin"], { input: `${deletions.join("")}create ${keptRef("removed", tree)} ${anchor}\n` });
  }

  return { commitAt, names: (prefix) => list("%(refname)", prefix), heads, moveHead, remove };
}
