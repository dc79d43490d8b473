import { blankCommentsAndStrings, functionSpans, identifiersOf } from "./c-text.ts";

/** Words that begin a statement or expression, never a declaration. */
const NO_TYPE = /^\s*(?:return|goto|else|case|sizeof|do|typeof|default)\b/;
/** Words, asterisks, a name; then the end, a value or a size. */
const DECLARATION = /^\s*[A-Za-z_][\w\s]*[\s*]+([A-Za-z_]\w{2,})\s*(?:=|\[|$)/;
/** Behind a comma of such a statement: `int a, *b = NULL`. */
const FURTHER = /^\s*\**\s*([A-Za-z_]\w{2,})\s*(?:=|\[|$)/;
/** Longer pieces are expressions. */
const LONGEST = 200;

/**
 * Variables and parameters that a function declared before a change, still uses after it, and no longer declares. Told by the text alone: a name
 * that another declaration of the file brings is found nevertheless, which is rare.
 */
export function undeclaredIn(before: string, after: string): { readonly function: string; readonly name: string }[] {
  const old = bodies(before);
  const found: { function: string; name: string }[] = [];
  for (const [name, body] of bodies(after)) {
    const was = old.get(name);
    if (was === undefined || was === body) continue;
    const gone = declaredIn(was).difference(declaredIn(body)).intersection(identifiersOf(body));
    found.push(...[...gone].map((one) => ({ function: name, name: one })));
  }
  return found;
}

/** From the line that names a function to its closing brace; of functions with one name the last. */
function bodies(text: string): Map<string, string> {
  const lines = text.split("\n");
  return new Map(functionSpans(text).map((span) => [span.name, lines.slice(span.start, span.end + 1).join("\n")]));
}

/** Names that a piece of C declares as variables or parameters, with a type before them; told by the text alone. */
export function declaredIn(body: string): Set<string> {
  const names = new Set<string>();
  for (const statement of blankCommentsAndStrings(body).split(/[;{}]/)) {
    let further = false;
    for (const piece of statement.split(/[(),]/)) {
      const short = piece.length > LONGEST || NO_TYPE.test(piece) ? "" : piece;
      const name = DECLARATION.exec(short)?.[1] ?? (further ? FURTHER.exec(short)?.[1] : undefined);
      if (name === undefined) continue;
      names.add(name);
      further = true;
    }
  }
  return names;
}
