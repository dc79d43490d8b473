/** The tree without entries. git knows it without an object in any store. */
export const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

const OID = /^[0-9a-f]{40}$/;

export function isOid(text: string): boolean {
  return OID.test(text);
}

/**
 * The gate in front of git: everything that reaches a command line or a child's input as an object name passes here, so that no
 * input can become an option, a revision expression or a second request.
 * @throws TypeError when the text is not 40 lower-case hexadecimal digits.
 */
export function checkOid(text: string): string {
  if (!isOid(text)) throw new TypeError(`not a full object id: ${JSON.stringify(text.slice(0, 80))}`);
  return text;
}
