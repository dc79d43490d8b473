import { readFileSync } from "node:fs";
import { UsageError } from "./usage.ts";

/** A commit that carries another one to an older tree. All three are full commit ids. */
export interface Pair {
  readonly backport: string;
  readonly origin: string;
  /** The first parent of the backport: the tree that the pick was made on. */
  readonly parent: string;
}

const OID = /^[0-9a-f]{40}$/;
/** Rows of pairs whose origin is not known or was never replayed. */
const LEFT_OUT: ReadonlySet<string> = new Set(["-", "reference-dangling"]);

/**
 * Reads a table of pairs: tab-separated, a header line with at least backport, origin (or upstream) and parent; rows with a field `-` or
 * `reference-dangling` are skipped.
 * @throws UsageError when a column is missing or a row holds no ids
 */
export function readPairs(file: string): Pair[] {
  const [header = "", ...rows] = readFileSync(file, "utf8").split(/\r?\n/);
  const names = header.split("\t").map((name) => (name === "upstream" ? "origin" : name));
  const column = (name: keyof Pair) => {
    const at = names.indexOf(name);
    if (at === -1) throw new UsageError(`${file} has no column ${name}`);
    return at;
  };
  const columns = { backport: column("backport"), origin: column("origin"), parent: column("parent") };
  const pairs: Pair[] = [];
  for (const [at, row] of rows.entries()) {
    const fields = row.split("\t");
    if (row === "" || fields.some((field) => LEFT_OUT.has(field))) continue;
    const field = (index: number) => {
      const oid = fields[index] ?? "";
      if (!OID.test(oid))
        throw new UsageError(`${file}, line ${at + 2}: ${oid === "" ? "an id is missing" : `${oid} is no full commit id`}`);
      return oid;
    };
    pairs.push({ backport: field(columns.backport), origin: field(columns.origin), parent: field(columns.parent) });
  }
  return pairs;
}
