import parseDiff from "parse-diff";
import type { FilePatch, Hunk, HunkLine, Patch } from "./patch.ts";

/** A text that is not a usable unified diff; `line` is the 1-based line where reading stopped. */
export class PatchSyntaxError extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.name = "PatchSyntaxError";
    this.line = line;
  }
}

const GIT_HEADER = "diff --git ";
const COMBINED_HEADER = /^diff --(?:cc|combined) (.*)$/;
const HUNK_HEADER = /^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@/;
const C_ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

/** Decodes a path that git wrote in C quotes; other text is returned as it is. */
export function unquotePath(text: string): string {
  if (!text.startsWith('"') || !text.endsWith('"') || text.length < 2) return text;
  return text
    .slice(1, -1)
    .replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
      code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (C_ESCAPES[code] ?? code),
    );
}

/** Is there at least one diff with a hunk, a binary marker or an extended header in the text. */
export function looksLikePatch(text: string): boolean {
  return (
    /^diff --git |^--- [^\n]+\n\+\+\+ /m.test(text) &&
    /^@@ -|^(?:new file|deleted file|old) mode |^GIT binary patch$|^rename from /m.test(text)
  );
}

/**
 * Reads a unified diff, or a mail or commit text that holds one. parse-diff (which knows hunks) is fed one file section at a time, without
 * the prose around it; this module reads the git headers, decodes quoted paths and checks what parse-diff would silently accept.
 * @throws PatchSyntaxError for a hunk whose line counts do not match its header, or a section without paths.
 */
export function parsePatch(text: string): Patch {
  return { files: sections(text).map(parseSection) };
}

interface Section {
  readonly lines: readonly string[];
  /** 1-based number of the first line in the whole text. */
  readonly firstLine: number;
}

/** Cuts the text where a file's diff begins. Lines inside hunks start with a blank, +, - or \, so they can never look like a header. */
function sections(text: string): Section[] {
  const lines = text.split("\n");
  const starts: number[] = [];
  let inGitSection = false;
  for (const [i, line] of lines.entries()) {
    if (line.startsWith(GIT_HEADER) || COMBINED_HEADER.test(line)) {
      starts.push(i);
      inGitSection = true;
    } else if (!inGitSection && line.startsWith("--- ") && lines[i + 1]?.startsWith("+++ ") && HUNK_HEADER.test(lines[i + 2] ?? "")) {
      starts.push(i);
    }
  }
  return starts.map((start, i) => ({ lines: lines.slice(start, starts[i + 1] ?? lines.length), firstLine: start + 1 }));
}

interface Headers {
  oldPath: string | null;
  newPath: string | null;
  oldMode: string | null;
  newMode: string | null;
  oldBlob: string | null;
  newBlob: string | null;
  unsupported: "binary" | "combined" | null;
}

function parseSection(section: Section): FilePatch {
  const combined = COMBINED_HEADER.exec(section.lines[0] ?? "");
  if (combined?.[1] !== undefined) {
    const path = unquotePath(combined[1]);
    return { oldPath: path, newPath: path, oldMode: null, newMode: null, oldBlob: null, newBlob: null, unsupported: "combined", hunks: [] };
  }
  const firstHunk = section.lines.findIndex((line) => HUNK_HEADER.test(line));
  const headerLines = firstHunk === -1 ? section.lines : section.lines.slice(0, firstHunk);
  const headers = readHeaders(headerLines);
  if (headers.oldPath === null && headers.newPath === null) {
    throw new PatchSyntaxError("a file section names no path", section.firstLine);
  }
  const hunks = firstHunk === -1 ? [] : readHunks(section, firstHunk);
  return { ...headers, hunks };
}

function readHeaders(lines: readonly string[]): Headers {
  const headers: Headers = { oldPath: null, newPath: null, oldMode: null, newMode: null, oldBlob: null, newBlob: null, unsupported: null };
  const first = lines[0] ?? "";
  if (first.startsWith(GIT_HEADER)) [headers.oldPath, headers.newPath] = pathsOfGitHeader(first.slice(GIT_HEADER.length));
  for (const line of lines) {
    const [, key, value] =
      /^(---|\+\+\+|old mode|new mode|new file mode|deleted file mode|index|rename from|rename to|copy from|copy to) (.*)$/.exec(line) ??
      [];
    if (value === undefined) {
      if (line === "GIT binary patch" || /^Binary files .* differ$/.test(line)) headers.unsupported = "binary";
      continue;
    }
    switch (key) {
      case "---":
        headers.oldPath = pathOfFileLine(value);
        break;
      case "+++":
        headers.newPath = pathOfFileLine(value);
        break;
      case "old mode":
        headers.oldMode = value;
        break;
      case "new mode":
        headers.newMode = value;
        break;
      case "new file mode":
        headers.oldPath = null;
        headers.newMode = value;
        break;
      case "deleted file mode":
        headers.newPath = null;
        headers.oldMode = value;
        break;
      case "rename from":
      case "copy from":
        headers.oldPath = unquotePath(value);
        break;
      case "rename to":
      case "copy to":
        headers.newPath = unquotePath(value);
        break;
      case "index": {
        const [, oldBlob, newBlob, mode] = /^([0-9a-f]+)\.\.([0-9a-f]+)(?: (\d+))?$/.exec(value) ?? [];
        headers.oldBlob = oldBlob ?? null;
        headers.newBlob = newBlob ?? null;
        if (mode !== undefined) {
          headers.oldMode = mode;
          headers.newMode = mode;
        }
        break;
      }
    }
  }
  return headers;
}

/** `a/x b/x`: both names are equal unless a rename line says otherwise, so the middle is known even when paths hold blanks. */
function pathsOfGitHeader(rest: string): [string | null, string | null] {
  const quoted = /^("(?:[^"\\]|\\.)*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)$/.exec(rest);
  if (quoted?.[1] !== undefined && quoted[2] !== undefined) return [pathOfFileLine(quoted[1]), pathOfFileLine(quoted[2])];
  const half = (rest.length - 1) / 2;
  return [pathOfFileLine(rest.slice(0, half)), pathOfFileLine(rest.slice(half + 1))];
}

/** The path of a --- or +++ line: no prefix, no time stamp; null for /dev/null. */
function pathOfFileLine(value: string): string | null {
  const path = unquotePath(value.startsWith('"') ? value : (value.split("\t")[0] ?? "").replace(/\r$/, ""));
  if (path === "/dev/null") return null;
  return path.replace(/^[^/]*\//, "");
}

function readHunks(section: Section, firstHunk: number): Hunk[] {
  const [parsed] = parseDiff(["--- a/x", "+++ b/x", ...section.lines.slice(firstHunk)].join("\n"));
  const hunks: Hunk[] = [];
  for (const chunk of parsed?.chunks ?? []) {
    const lines: HunkLine[] = [];
    for (const change of chunk.changes) {
      const last = lines.at(-1);
      if (change.content.startsWith("\\")) {
        if (last !== undefined) lines[lines.length - 1] = { op: last.op, text: last.text.slice(0, -1) };
        continue;
      }
      const op = change.type === "add" ? "+" : change.type === "del" ? "-" : " ";
      lines.push({ op, text: `${change.content.slice(1)}\n` });
    }
    const oldLines = lines.filter((line) => line.op !== "+").length;
    const newLines = lines.filter((line) => line.op !== "-").length;
    if (oldLines !== chunk.oldLines || newLines !== chunk.newLines) {
      throw new PatchSyntaxError(
        `the hunk "${chunk.content}" announces ${chunk.oldLines} old and ${chunk.newLines} new lines and has ${oldLines} and ${newLines}`,
        section.firstLine,
      );
    }
    const section_ = chunk.content.replace(/^@@[^@]*@@ ?/, "");
    hunks.push({
      header: chunk.content,
      section: section_,
      oldStart: chunk.oldStart,
      oldLines: chunk.oldLines,
      newStart: chunk.newStart,
      newLines: chunk.newLines,
      lines,
    });
  }
  return hunks;
}
