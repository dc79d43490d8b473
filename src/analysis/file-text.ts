/** A text in which runs of lines and single lines are counted. It begins and ends with a line feed. */
export interface Side {
  has(run: string): boolean;
  /** How often a run of whole lines stands in it; it begins and ends with a line feed. */
  count(run: string): number;
  /** The same for a single line, for many of them. */
  countLine(line: string): number;
  /** Stands the run somewhere with one of these runs at most so many lines before or behind it. */
  hasNear(run: string, others: readonly string[], distance: number): boolean;
}

/** How lines are compared: as they are, or so that white space and blank lines do not decide (backports are re-indented). */
export type Shape = "exact" | "collapsed";

/** The content of one file, in both shapes, each made when it is first asked for. */
export interface FileText {
  /** In bytes. */
  readonly size: number;
  /** The different lines of some length, without the white space around them. */
  longLines(): ReadonlySet<string>;
  in(shape: Shape): Side;
}

/** @param content latin1 */
export function fileText(content: string): FileText {
  const sides = new Map<Shape, Side>();
  let distinct: Set<string> | null = null;
  return {
    size: content.length,
    longLines: () => {
      distinct ??= new Set(content.split("\n").flatMap((line) => (line.trim().length < LEAST_LENGTH ? [] : [line.trim()])));
      return distinct;
    },
    in: (shape) => {
      const known = sides.get(shape);
      if (known !== undefined) return known;
      const side = lazySide(() => runOf([content], shape));
      sides.set(shape, side);
      return side;
    },
  };
}

/** Of two texts, the share of the different lines of the smaller one that the other has too. A part of a file that was split is all in it. */
export function likeness(a: FileText, b: FileText): number {
  const [small, large] = [a.longLines(), b.longLines()].sort((one, other) => one.size - other.size);
  if (small === undefined || large === undefined || small.size === 0) return 0;
  let common = 0;
  for (const line of small) if (large.has(line)) common++;
  return common / small.size;
}

/** Shorter lines stand in every file. */
const LEAST_LENGTH = 10;
/** So many lines are looked for before all lines of the text are counted once. */
const SEARCHES = 64;

function lazySide(make: () => string): Side {
  let text: string | null = null;
  let lines: Map<string, number> | null = null;
  let searches = 0;
  function whole(): string {
    text ??= make();
    return text;
  }
  return {
    has: (run) => whole().includes(run),
    count: (run) => countRuns(whole(), run),
    countLine: (line) => {
      if (lines === null && searches++ < SEARCHES) return countRuns(whole(), `\n${line}\n`);
      lines ??= countLines(whole());
      return lines.get(line) ?? 0;
    },
    hasNear: (run, others, distance) => {
      const all = whole();
      for (let at = all.indexOf(run); at !== -1; at = all.indexOf(run, at + 1)) {
        const around = all.slice(lineBefore(all, at, distance), lineBehind(all, at + run.length - 1, distance) + 1);
        if (others.some((other) => around.includes(other))) return true;
      }
      return false;
    },
  };
}

/** Runs may overlap: the line feed that ends one begins the next. */
function countRuns(text: string, run: string): number {
  if (run === "\n") return 0;
  let found = 0;
  for (let at = text.indexOf(run); at !== -1; at = text.indexOf(run, at + 1)) found++;
  return found;
}

/** The place of the line feed so many lines before that at `at`. */
function lineBefore(text: string, at: number, lines: number): number {
  let found = at;
  for (let n = 0; n < lines && found > 0; n++) found = text.lastIndexOf("\n", found - 1);
  return found;
}

/** The place of the line feed so many lines behind that at `at`. */
function lineBehind(text: string, at: number, lines: number): number {
  let found = at;
  for (let n = 0; n < lines && found < text.length - 1; n++) found = text.indexOf("\n", found + 1);
  return found;
}

function countLines(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  for (const line of text.split("\n")) lines.set(line, (lines.get(line) ?? 0) + 1);
  return lines;
}

/** Lines as the sides hold them: a run of a side is a part of its text, both begin and end with a line feed. */
export function runOf(lines: readonly string[], shape: Shape): string {
  const text = lines.length === 1 ? (lines[0] ?? "") : lines.join("");
  return shape === "exact" ? `\n${text}${text.endsWith("\n") ? "" : "\n"}` : collapsed(text);
}

/** White space other than single blanks. */
const UNEVEN = / {2}|[^\S ]/;

function collapsed(text: string): string {
  let shaped = "\n";
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    if (trimmed !== "") shaped += `${UNEVEN.test(trimmed) ? trimmed.replace(/\s+/g, " ") : trimmed}\n`;
  }
  return shaped;
}
