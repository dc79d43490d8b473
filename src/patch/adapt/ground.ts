import { type FunctionSpan, functionOpenedBy, functionSpans } from "../../source/c-text.ts";
import { splitLines } from "../image.ts";
import { type Hunk, preImage } from "../patch.ts";
import { isTelling } from "./lines.ts";
import type { ChangeRun } from "./runs.ts";
import { areForms, type Correspondence, correspond, keyOfLine } from "./similar.ts";

/** A file as its lines and functions. */
export interface Text {
  readonly lines: readonly string[];
  readonly functions: readonly FunctionSpan[];
}

export function textOf(content: string): Text {
  return { lines: splitLines(content), functions: functionSpans(content) };
}

/** The lines of the target in which a hunk may be placed, and how they correspond to those before the change. */
export interface Ground {
  /** The function of the target; null for the whole file. */
  readonly name: string | null;
  /** The hunk's function does not exist here: its lines stand in another one. */
  readonly moved: boolean;
  /** 0-based line of the file that the ground begins with. */
  readonly start: number;
  readonly lines: readonly string[];
  /** The same before the change; null when that file is not known. */
  readonly base: { readonly start: number; readonly lines: readonly string[]; readonly correspondence: Correspondence } | null;
}

/** Finds the grounds of the changes of one file. */
export interface Survey {
  /** Null: the code that the run changes has no place here. */
  groundOf(hunk: Hunk, run: ChangeRun): Ground | null;
  /** The run changes a function whose name the target does not even mention. */
  isAbsent(hunk: Hunk, run: ChangeRun): boolean;
  /** None of these lines stands in the target. */
  isNowhere(lines: readonly string[]): boolean;
}

/** @param base the file before the change, when it is known */
export function survey(base: Text | null, target: Text): Survey {
  const known = new Map<string, Ground>();

  function between(name: string | null, moved: boolean, before: readonly [number, number] | null, here: readonly [number, number]): Ground {
    const key = `${name} ${before} ${here}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const lines = target.lines.slice(...here);
    const old = base === null || before === null ? null : base.lines.slice(...before);
    const ground = {
      name,
      moved,
      start: here[0],
      lines,
      base: old === null || before === null ? null : { start: before[0], lines: old, correspondence: correspond(old, lines) },
    };
    known.set(key, ground);
    return ground;
  }

  /** The function of the file before the change that holds the run; of the hunk, as far as it tells, when that file is not known. */
  function functionOf(hunk: Hunk, run: ChangeRun): { readonly name: string; readonly span: FunctionSpan | null } | null {
    const span = base === null ? null : spanOf(run, base.functions);
    const name = base === null ? functionOfChange(hunk) : (span?.name ?? null);
    return name === null ? null : { name, span };
  }

  function groundOf(hunk: Hunk, run: ChangeRun): Ground | null {
    const whole = () => between(null, false, [0, base?.lines.length ?? 0], [0, target.lines.length]);
    const own = functionOf(hunk, run);
    if (own === null) return whole();
    const before = own.span === null ? null : ([own.span.start, own.span.end + 1] as const);
    const [span, ...others] = target.functions.filter((one) => one.name === own.name);
    if (others.length > 0) return base === null ? null : whole();
    if (span !== undefined) return between(own.name, false, before, [span.start, span.end + 1]);
    const holding = functionWithLinesOf(hunk, target) ?? functionLike(run, target);
    return holding === null ? null : between(holding.name, true, before, [holding.start, holding.end + 1]);
  }

  function isAbsent(hunk: Hunk, run: ChangeRun): boolean {
    const name = functionOf(hunk, run)?.name;
    return name !== undefined && !target.lines.some((line) => line.includes(name) && new RegExp(`\\b${name}\\b`).test(line));
  }

  function isNowhere(lines: readonly string[]): boolean {
    const here = new Set(target.lines.map(keyOfLine));
    return lines.filter(isTelling).every((line) => !here.has(keyOfLine(line)));
  }

  return { groundOf, isAbsent, isNowhere };
}

/** The function that holds all lines of the run; what is added before its first line stands outside. */
function spanOf({ line, removed }: ChangeRun, functions: readonly FunctionSpan[]): FunctionSpan | null {
  const first = removed.length > 0 ? line : line - 1;
  const last = removed.length > 0 ? line + removed.length - 1 : line;
  return functions.find((span) => span.start <= first && last <= span.end) ?? null;
}

/** The function that all changed lines lie in, told by the hunk alone; null outside of functions or when they lie in several. */
function functionOfChange(hunk: Hunk): string | null {
  let current = functionOpenedBy(hunk.section);
  const names = new Set<string | null>();
  for (const line of hunk.lines) {
    // Kernel style: inside a function nothing but labels, braces and #if lines stands at column 0.
    if (line.op !== "+" && (/^#\s*define\b/.test(line.text) || (/^[A-Za-z_]/.test(line.text) && !/^\w+:/.test(line.text)))) {
      current = functionOpenedBy(line.text);
    }
    if (line.op !== " ") names.add(current);
    if (line.op !== "+" && line.text.startsWith("}")) current = null;
  }
  const [only] = names;
  return names.size === 1 ? (only ?? null) : null;
}

/** The one function of the target that holds at least half of the telling lines that the hunk expects. */
function functionWithLinesOf(hunk: Hunk, target: Text): FunctionSpan | null {
  return holding(hunk, target, (line) => line) ?? holding(hunk, target, keyOfLine);
}

function holding(hunk: Hunk, target: Text, keyOf: (line: string) => string): FunctionSpan | null {
  const expected = new Set(preImage(hunk).filter(isTelling).map(keyOf));
  const found = target.functions
    .map((span) => ({ span, lines: target.lines.slice(span.start, span.end + 1).filter((line) => expected.has(keyOf(line))).length }))
    .filter(({ lines }) => lines >= 2 && lines * 2 >= expected.size)
    .sort((a, b) => b.lines - a.lines);
  const [best, second] = found;
  return best === undefined || second?.lines === best.lines ? null : best.span;
}

/** The one function of the target that has a form of a line which the run removes. */
function functionLike(run: ChangeRun, target: Text): FunctionSpan | null {
  const wanted = run.removed.filter(isTelling);
  const found = target.functions.filter((span) =>
    target.lines.slice(span.start, span.end + 1).some((line) => isTelling(line) && wanted.some((one) => areForms(one, line))),
  );
  const [only] = found;
  return found.length === 1 ? (only ?? null) : null;
}
