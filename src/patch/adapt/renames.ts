import { identifiersOf } from "../../source/c-text.ts";
import type { FilePatch } from "../patch.ts";
import type { Text } from "./ground.ts";
import { tokensOf } from "./phrases.ts";
import { align } from "./sequence.ts";
import { correspond } from "./similar.ts";

/** Words that the file before the change has where the target has others, wherever it can be compared. */
export interface Rename {
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** Lines that show it. */
  readonly votes: number;
  /** Those of them that differ in nothing else: in the others it may be only a part of the difference (a macro with one argument more). */
  readonly alone: number;
}

/** Words before and behind the ones that differ which belong to a rename that is not one name for another. */
const BEFORE = 2;
const BEHIND = 1;
const MOST_WORDS = 4;

/**
 * What the target calls otherwise: lines that correspond and differ in one name which the target has nowhere and which always has the same
 * other name there, or in a few words which the target never has in this place (a parameter more, a qualifier less).
 * @param changed 0-based lines of the base that the change itself removes
 */
export function learnRenames(base: Text, target: Text, changed: ReadonlySet<number>): Rename[] {
  const gone = identifiersOf(base.lines.join("")).difference(identifiersOf(target.lines.join("")));
  const targetWords = ` ${tokensOf(target.lines.join("")).join(" ")} `;
  const { same, alike } = correspond(base.lines, target.lines);
  const seen = new Map<string, Map<string, { votes: number; alone: number }>>();
  for (const [i, line] of base.lines.entries()) {
    const other = target.lines[alike[i] ?? -1];
    if (other === undefined || (same[i] ?? -1) >= 0) continue;
    const [found, whole] = differences(tokensOf(line), tokensOf(other), gone);
    for (const [from, to] of found) {
      // How a line that goes away is spelled says little about what takes its place.
      if (changed.has(i) && !from.split(" ").some((word) => gone.has(word))) continue;
      const forms = seen.get(from) ?? new Map<string, { votes: number; alone: number }>();
      const { votes, alone } = forms.get(to) ?? { votes: 0, alone: 0 };
      forms.set(to, { votes: votes + 1, alone: alone + (whole ? 1 : 0) });
      seen.set(from, forms);
    }
  }
  const found: Rename[] = [];
  for (const [from, forms] of seen) {
    const [[to, { votes, alone }] = ["", { votes: 0, alone: 0 }], ...others] = [...forms];
    if (others.length > 0 || targetWords.includes(` ${from} `)) continue;
    const words = from.split(" ");
    if (votes > 1 || words.some((word) => gone.has(word))) found.push({ from: words, to: to.split(" "), votes, alone });
  }
  return found.sort((a, b) => b.from.length - a.from.length || (a.from.join() < b.from.join() ? -1 : 1));
}

/** Where two forms of a line differ: one name for another, or the words with their neighbours; and whether that is all. */
function differences(
  a: readonly string[],
  b: readonly string[],
  gone: ReadonlySet<string>,
): readonly [found: (readonly [string, string])[], whole: boolean] {
  const found: (readonly [string, string])[] = [];
  let gaps = 0;
  const partner = align(a, b);
  let from = 0;
  let at = 0;
  for (let i = 0; i <= a.length; i++) {
    if (i < a.length && (partner[i] ?? -1) < 0) continue;
    const j = i === a.length ? b.length : (partner[i] ?? 0);
    const [old, here] = [a.slice(from, i), b.slice(at, j)];
    const [one] = old;
    const [other] = here;
    if (old.length > 0 || here.length > 0) gaps++;
    if (old.length === 1 && here.length === 1 && one !== undefined && other !== undefined && gone.has(one) && /^[A-Za-z_]/.test(other)) {
      found.push([one, other]);
    } else if (old.length > 0 && old.length <= MOST_WORDS && here.length <= MOST_WORDS && from >= BEFORE && i + BEHIND <= a.length) {
      const [before, behind] = [a.slice(from - BEFORE, from), a.slice(i, i + BEHIND)];
      found.push([[...before, ...old, ...behind].join(" "), [...before, ...here, ...behind].join(" ")]);
    }
    from = i + 1;
    at = j + 1;
  }
  return [found, gaps === found.length];
}

/** The patch with the renames made in its added lines, and those that it had use for. */
export function renamed(file: FilePatch, renames: readonly Rename[]): { readonly file: FilePatch; readonly used: readonly Rename[] } {
  const used = new Set<Rename>();
  const hunks = file.hunks.map((hunk) => ({
    ...hunk,
    lines: hunk.lines.map((line) => (line.op === "+" ? { ...line, text: renameIn(line.text, renames, used) } : line)),
  }));
  return used.size === 0 ? { file, used: [] } : { file: { ...file, hunks }, used: [...used] };
}

function renameIn(text: string, renames: readonly Rename[], used: Set<Rename>): string {
  let words = [...text.matchAll(/(\s*)(\w+|[^\s\w]|$)/g)].map(([, space = "", word = ""]) => ({ space, word }));
  for (const rename of renames) {
    const { from, to } = rename;
    for (let at = 0; at + from.length <= words.length; at++) {
      if (!from.every((word, i) => words[at + i]?.word === word)) continue;
      const spaced = to.map((word, i) => ({ space: words[at + Math.min(i, from.length - 1)]?.space ?? "", word }));
      words = [...words.slice(0, at), ...spaced, ...words.slice(at + from.length)];
      at += to.length - 1;
      used.add(rename);
    }
  }
  return words.map(({ space, word }) => space + word).join("");
}
