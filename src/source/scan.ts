/**
 * The fast pass over a source file: every identifier in the order of the text, and whether it may be defined there. It reads bytes, knows the
 * layout of kernel style and nothing of the grammar, and errs to "may": a parser has the last word (c-parser.ts). About 60 MB a second.
 */
export type VisitIdentifier = (from: number, to: number, hash: number, mayDefine: boolean) => void;

/** A longer word is data, not an identifier. */
export const LONGEST_IDENTIFIER = 255;

const NOTHING = 0;
const LETTER = 1;
const DIGIT = 2;
const MARK = 3;
/** What each byte is. Letters and digits are the word characters of `git grep -w` in the C locale. */
const CLASS = new Uint8Array(256);
for (const letter of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") CLASS[letter.charCodeAt(0)] = LETTER;
for (const digit of "0123456789") CLASS[digit.charCodeAt(0)] = DIGIT;
for (const mark of "\n(={/") CLASS[mark.charCodeAt(0)] = MARK;

const code = (character: string) => character.charCodeAt(0);
const LINE_FEED = code("\n");
const OPEN_PARENTHESIS = code("(");
const OPEN_BRACE = code("{");
const SEMICOLON = code(";");
const SLASH = code("/");
const STAR = code("*");
/** What may follow the name of a member, an enumerator or a new type; `_` begins an annotation, `#` a directive. */
const ENDS_DECLARATOR: ReadonlySet<number> = new Set([...";,[:=})/_#"].map(code));

const FNV_START = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
function hashOf(word: string): number {
  let hash = FNV_START;
  for (const character of word) hash = Math.imul(hash ^ code(character), FNV_PRIME);
  return hash;
}
const DEFINE = hashOf("define");
const TYPEDEF = hashOf("typedef");
const TAGGED: ReadonlySet<number> = new Set(["struct", "union", "enum"].map(hashOf));

/** What the last line that began at column 0 opened: a body of declarations, or perhaps one (`struct foo` may return from a function). */
const OTHER = 0;
const PERHAPS_TYPE = 1;
const TYPE = 2;
/** A parenthesis or `=` came first: a function, its parameters or a value. */
const SETTLED = 3;

function isWord(byte: number): boolean {
  const kind = CLASS[byte];
  return kind === LETTER || kind === DIGIT;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === LINE_FEED || byte === 0x0d || byte === 0x5c;
}

/** Linear. */
export function scanIdentifiers(bytes: Uint8Array, visit: VisitIdentifier): void {
  const end = bytes.length;
  let at = 0;
  let lineStart = 0;
  let commentEnd = 0;
  /** The line begins with a word at column 0, which ends here; 0 when it does not. */
  let firstWordEnd = 0;
  let opened = OTHER;
  /** The keyword just before, if a name is to follow it, and its end. */
  let keyword = 0;
  let keywordEnd = 0;
  /** What lineEndsStatement found, and for which line. */
  let statementLine = -1;
  let isStatement = false;

  function nextVisible(from: number): number {
    let i = from;
    while (i < end && isBlank(bytes[i])) i++;
    return bytes[i] ?? 0;
  }
  /** Looked up once for each line. */
  function lineEndsStatement(from: number): boolean {
    if (statementLine === lineStart) return isStatement;
    let i = from;
    while (i < end && bytes[i] !== LINE_FEED) i++;
    while (isBlank(bytes[i]) || i === end) i--;
    statementLine = lineStart;
    isStatement = bytes[i] === SEMICOLON;
    return isStatement;
  }
  function follows(place: number, from: number): boolean {
    let i = place;
    while (i < from && isBlank(bytes[i])) i++;
    return i === from;
  }
  function isUpperCase(from: number, to: number): boolean {
    for (let i = from; i < to; i++) if ((bytes[i] ?? 0) >= 0x61) return false;
    return true;
  }
  /** `SYSCALL_DEFINE3(read, ...)` and `ENTRY(memcpy)` at column 0. */
  function isFirstArgumentOfMacro(from: number): boolean {
    return (
      firstWordEnd > 0 &&
      bytes[from - 1] === OPEN_PARENTHESIS &&
      follows(firstWordEnd, from - 1) &&
      isUpperCase(lineStart, firstWordEnd) &&
      !lineEndsStatement(from)
    );
  }
  function mayDefine(from: number, to: number): boolean {
    if (keyword !== 0 && follows(keywordEnd, from)) {
      if (keyword === DEFINE) return true;
      if (TAGGED.has(keyword) && nextVisible(to) === OPEN_BRACE) return true;
    }
    const next = nextVisible(to);
    if (opened === TYPE && ENDS_DECLARATOR.has(next)) return true;
    if (firstWordEnd === 0) return false;
    if (next === OPEN_PARENTHESIS) return !(from === lineStart && isUpperCase(from, to)) && !lineEndsStatement(to);
    return isFirstArgumentOfMacro(from);
  }
  function mark(byte: number): void {
    if (byte === LINE_FEED) {
      lineStart = at + 1;
      firstWordEnd = 0;
    } else if (byte === SLASH) {
      if (bytes[at + 1] !== STAR) return;
      commentEnd = at + 2;
      while (commentEnd < end && !(bytes[commentEnd] === STAR && bytes[commentEnd + 1] === SLASH)) commentEnd++;
    } else if (opened !== TYPE && (firstWordEnd > 0 || at === lineStart)) {
      opened = byte === OPEN_BRACE && opened === PERHAPS_TYPE ? TYPE : SETTLED;
    }
  }

  while (at < end) {
    const kind = CLASS[bytes[at] ?? 0];
    if (kind === NOTHING || kind === MARK) {
      if (kind === MARK && (at >= commentEnd || bytes[at] === LINE_FEED)) mark(bytes[at] ?? 0);
      at += 1;
      continue;
    }
    const from = at;
    let hash = FNV_START;
    do {
      hash = Math.imul(hash ^ (bytes[at] ?? 0), FNV_PRIME);
      at += 1;
    } while (at < end && isWord(bytes[at] ?? 0));
    if (kind === DIGIT || at - from > LONGEST_IDENTIFIER) continue;
    if (from < commentEnd) {
      visit(from, at, hash, false);
      continue;
    }
    if (from === lineStart) {
      firstWordEnd = at;
      opened = hash === TYPEDEF ? TYPE : OTHER;
    }
    visit(from, at, hash, mayDefine(from, at));
    const tagged = TAGGED.has(hash);
    if (tagged && firstWordEnd > 0 && opened === OTHER) opened = PERHAPS_TYPE;
    keyword = tagged || hash === DEFINE ? hash : 0;
    keywordEnd = at;
  }
}
