import { blankCommentsAndStrings } from "../../source/c-text.ts";

const TOKENS = /\w+|[^\s\w]/g;

/** The words and signs of a piece of code, comments and literals left out. */
export function tokensOf(text: string): string[] {
  return blankCommentsAndStrings(text).match(TOKENS) ?? [];
}

/** Names, and pairs of neighbouring words and signs of which one is a word. */
export function phrasesOf(text: string): Set<string> {
  const phrases = new Set<string>();
  let last = "";
  for (const token of tokensOf(text)) {
    if (/^[A-Za-z_]\w\w/.test(token)) phrases.add(token);
    if (last !== "" && (/\w/.test(last) || /\w/.test(token))) phrases.add(`${last} ${token}`);
    last = token;
  }
  return phrases;
}
