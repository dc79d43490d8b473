import type { Frame, SignatureDetails } from "../schema/signature.ts";
import { sourcePath } from "./frame-line.ts";
import type { LogLine } from "./line.ts";
import { stripSymbol } from "./symbol.ts";

type Source = SignatureDetails["sources"][number];

const MAX_SOURCES = 100;
/** `f at path:12`, `(inlined by) f at path:12`, and what a Chinese locale makes of it. */
const RESOLVED = /^[\s#]{0,8}(?:\([^)]{1,20}\)\s?)?([A-Za-z_][\w.]{0,200}) (?:at|于) ([\w./+-]{1,300}\.[chS]):(\d{1,7})/;
/** `dis -l` prints the place on a line of its own, in front of the instruction. */
const LISTED = /^([\w./+-]{1,300}\.[chS]): (\d{1,7})\s{0,4}$/;
const INSTRUCTION = /^0x[0-9a-f]{8,16} <([A-Za-z_][\w.]{0,200})(?:\+|>)/;

/** Places that faddr2line and `dis -l` resolved, in order. */
export function readSources(lines: readonly LogLine[]): Source[] {
  const sources: Source[] = [];
  let listed: { file: string; line: number } | null = null;
  const add = (symbol: string | undefined, file: string | undefined, line: number): void => {
    if (symbol !== undefined && file !== undefined && sources.length < MAX_SOURCES)
      sources.push({ symbol: stripSymbol(symbol), file: sourcePath(file), line });
  };
  for (const { text } of lines) {
    const resolved = text.includes(" at ") || text.includes("于") ? RESOLVED.exec(text) : null;
    if (resolved !== null) add(resolved[1], resolved[2], Number(resolved[3]));
    const place = text.startsWith("/") ? LISTED.exec(text) : null;
    if (place !== null) listed = { file: place[1] ?? "", line: Number(place[2]) };
    else if (listed !== null && text.startsWith("0x")) {
      add(INSTRUCTION.exec(text)?.[1], listed.file, listed.line);
      listed = null;
    }
  }
  return sources;
}

/** Frames with the file and line that faddr2line gave for their function. `dis -l` names inlined code too, so the last of a function counts. */
export function withSources(frames: readonly Frame[], sources: readonly Source[]): Frame[] {
  const places = new Map(sources.filter((source) => source.file.endsWith(".c")).map((source) => [source.symbol, source]));
  return frames.map((frame) => {
    const place = frame.file === null ? places.get(frame.symbol) : undefined;
    return place === undefined ? frame : { ...frame, file: place.file, line: place.line };
  });
}
