import { ANNOTATION_CALLS, ANNOTATION_WORDS } from "../rules/c-annotations.ts";

/** Lines of the preprocessor, which stay; then what is blanked. */
const ANNOTATION = new RegExp(
  String.raw`^[ \t]*#(?:\\\r?\n|[^\n])*|\bDECLARE_BITMAP\(\s*(\w+)|\b(${ANNOTATION_CALLS.join("|")})\s{0,4}\(|\b(?:${ANNOTATION_WORDS.join("|")})\b`,
  "gm",
);
/** Arguments of an annotation are short; what is not closed within this many characters is left alone. */
const LONGEST_ARGUMENTS = 400;

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}

/** The place behind the parenthesis that closes the one before `from`; null when there is none near. */
function closing(text: string, from: number): number | null {
  let depth = 1;
  const end = Math.min(text.length, from + LONGEST_ARGUMENTS);
  for (let at = from; at < end; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")") depth--;
    if (depth === 0) return at + 1;
  }
  return null;
}

/** What replaces an annotation with arguments: blanks, and for a bitmap the array that it declares. */
function replacement(found: string, bitmap: string | undefined): string {
  const array = bitmap === undefined ? "" : `long ${bitmap}[1]`;
  return array.length > found.length ? found : array + blank(found.slice(array.length));
}

/**
 * Kernel C in the words of plain C: annotations become blanks of the same length, so that places stay as they are, and bitmap members become
 * arrays. Lines of the preprocessor stay, since a parser needs the name in `#define __init`. Linear.
 */
export function withoutAnnotations(text: string): string {
  const parts: string[] = [];
  let done = 0;
  for (const { 0: found, 1: bitmap, 2: call, index } of text.matchAll(ANNOTATION)) {
    if (index < done || found.trimStart().startsWith("#")) continue;
    const end = bitmap === undefined && call === undefined ? index + found.length : closing(text, index + found.length);
    if (end === null) continue;
    parts.push(text.slice(done, index), replacement(text.slice(index, end), bitmap));
    done = end;
  }
  parts.push(text.slice(done));
  return parts.join("");
}
