import { type GitFixture, importCommits, type NewCommit } from "./git-fixture.ts";

function change(at: number): Record<string, string> {
  return { [`dir${at % 7}/file${at % 13}.c`]: `int function_${at}(void)\n{\n\treturn call_${at % 5}();\n}\n` };
}

/** The content that the commit at this place of the main branch gives its file. */
export function contentAt(at: number): string {
  return Object.values(change(at))[0] ?? "";
}

/** Words of the messages and of the changed lines. */
export const WORDS = ["main", "vendor", "word_3", "call_1", "call_2", "function_7"];

/** One line of commits, and a vendor branch of ten that leaves it after `fork` commits. Every change is a whole file. */
export function twoBranches(
  fixture: GitFixture,
  length: number,
  fork: number,
): { readonly main: readonly string[]; readonly vendor: readonly string[] } {
  const main = Array.from(
    { length },
    (_, at): NewCommit => ({ parents: at === 0 ? [] : [at - 1], changes: change(at), message: `main ${at}\n` }),
  );
  const vendor = Array.from(
    { length: 10 },
    (_, at): NewCommit => ({
      parents: [at === 0 ? fork - 1 : length + at - 1],
      changes: change(1000 + at),
      message: `vendor ${at}\n\nword_${at}\n`,
    }),
  );
  const oids = importCommits(fixture, [...main, ...vendor]);
  return { main: oids.slice(0, length), vendor: oids.slice(length) };
}
