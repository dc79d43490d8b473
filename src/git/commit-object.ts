import type { CommitObject } from "./repository.ts";

const PERSON = /^(.*?) ?<([^>]*)>(?: (-?\d+))?/;

interface Person {
  readonly name: string;
  readonly email: string;
  readonly date: number;
}

function parsePerson(line: string | undefined): Person {
  const match = PERSON.exec(line ?? "");
  return { name: match?.[1] ?? "", email: match?.[2] ?? "", date: Number(match?.[3] ?? 0) };
}

/** Reads a commit object (git's documentation, "commit object"). Damaged headers give empty fields: hostile history must not throw. */
export function parseCommit(oid: string, bytes: Buffer): CommitObject {
  const end = bytes.indexOf("\n\n");
  const head = bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
  const parents: string[] = [];
  const fields = new Map<string, string>();
  for (const line of head.split("\n")) {
    const space = line.indexOf(" ");
    // Continuation lines (signatures) begin with a space and belong to a header that is not read.
    if (space <= 0) continue;
    const key = line.slice(0, space);
    const value = line.slice(space + 1);
    if (key === "parent") parents.push(value);
    else if (!fields.has(key)) fields.set(key, value);
  }
  const author = parsePerson(fields.get("author"));
  const committer = parsePerson(fields.get("committer"));
  return {
    oid,
    tree: fields.get("tree") ?? "",
    parents,
    authorName: author.name,
    authorEmail: author.email,
    authorDate: author.date,
    committerDate: committer.date,
    message: end < 0 ? "" : bytes.toString("utf8", end + 2),
  };
}
