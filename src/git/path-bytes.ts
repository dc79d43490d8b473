/**
 * Paths are byte strings to git. Inside the service they are latin1 strings, one character per byte, as in the text of a patch: what
 * was read can be asked for again, whatever its encoding. A command line is UTF-8 in Node, so a path goes through here on its way to one.
 */
export function toArgument(path: string): string {
  return Buffer.from(path, "latin1").toString("utf8");
}
