/**
 * Which lines of a change say where they come from. Braces, `return -EINVAL;` and `#include` lines stand in thousands of files and are
 * written by anybody: finding them in a tree proves nothing.
 */
const COMMON_WORDS: ReadonlySet<string> = new Set(
  (
    "if else for while do switch case default break continue goto return sizeof static const struct union enum void int long short char " +
    "unsigned signed bool true false null define ifdef ifndef endif include extern inline typedef out err error ret rc res result fail end " +
    "the a an of to is in and or not 0 1 2 EINVAL ENOMEM EIO EFAULT ENODEV ENOENT EBUSY EPERM NULL TRUE FALSE u8 u16 u32 u64 i j k n p len"
  ).split(" "),
);
const INCLUDE = /^\s*#\s*include\b/;
const WORD = /\w{2,}/g;

/** Have the lines this many distinct words that are not common to all code; those of `#include` lines do not count. */
export function hasTellingWords(lines: Iterable<string>, least: number): boolean {
  const words = new Set<string>();
  for (const line of lines) {
    if (INCLUDE.test(line)) continue;
    for (const word of line.match(WORD) ?? []) if (!COMMON_WORDS.has(word)) words.add(word);
    if (words.size >= least) return true;
  }
  return false;
}

/** When content may speak. Chosen on recorded backports (docs/presence.md says how they were measured). */
export const CONTENT_LIMITS = {
  /** A run of lines counts with this many telling words, its context included... */
  wordsOfRun: 3,
  /** ...and a hunk with all its context with this many. */
  wordsOfWholeHunk: 1,
  /** A single line counts with this many. */
  wordsOfLine: 2,
  /** A hunk was rewritten rather than left out when at least this share of its new lines is there... */
  linesThere: 0.65,
  /** ...and left out when at most this share is. */
  linesMissing: 0.35,
  /** A short run is in its place when another line of the hunk is within so many lines of it. */
  nearbyLines: 12,
  /** A file of another name is the same one when this share of the lines of the smaller of the two is in the other. */
  likeness: 0.4,
  /** Files of one name that are tried when the target has none at the path. */
  movedFiles: 5,
  /** Files of a commit that are looked into. */
  files: 100,
} as const;
