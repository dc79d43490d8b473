/** A unified diff as data. Text is latin1: one character per byte, so that nothing is lost and lengths are bytes. */
export interface HunkLine {
  readonly op: " " | "+" | "-";
  /** With its line feed, except for a last line without one. */
  readonly text: string;
}

export interface Hunk {
  /** `@@ -a,b +c,d @@ section`, as written. */
  readonly header: string;
  /** What stands behind the second @@: usually the line that opens the function. */
  readonly section: string;
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  readonly lines: readonly HunkLine[];
}

export interface FilePatch {
  /** null for a new file. */
  readonly oldPath: string | null;
  /** null for a deleted file. */
  readonly newPath: string | null;
  readonly oldMode: string | null;
  readonly newMode: string | null;
  /** Blob ids of the index line, possibly abbreviated; null without one. */
  readonly oldBlob: string | null;
  readonly newBlob: string | null;
  /** Why the content change cannot be read as hunks. */
  readonly unsupported: "binary" | "combined" | null;
  readonly hunks: readonly Hunk[];
}

export interface Patch {
  readonly files: readonly FilePatch[];
}

/** The path by which a person knows the file: the new one, or the old one of a deletion. */
export function pathOf(file: FilePatch): string {
  return file.newPath ?? file.oldPath ?? "";
}

/** The lines a hunk expects to find. */
export function preImage(hunk: Hunk): string[] {
  return hunk.lines.filter((line) => line.op !== "+").map((line) => line.text);
}

/** The lines a hunk leaves. */
export function postImage(hunk: Hunk): string[] {
  return hunk.lines.filter((line) => line.op !== "-").map((line) => line.text);
}
