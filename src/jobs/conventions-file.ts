import { readFile } from "node:fs/promises";
import { type OwnConvention, OwnConventions } from "../rules/own-conventions.ts";

/** The file of conventions cannot be used; the message is for the operator. */
export class ConventionsError extends Error {}

/**
 * Reads the user's own conventions of references.
 * @param file undefined for none
 * @throws ConventionsError, with a line for each fault
 */
export async function readConventions(file: string | undefined): Promise<readonly OwnConvention[]> {
  if (file === undefined) return [];
  const wrong = (reasons: readonly string[]) => new ConventionsError(`BACKPORTD_REFERENCE_CONVENTIONS: ${file}\n${reasons.join("\n")}`);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw wrong([error instanceof Error ? error.message : String(error)]);
  }
  const parsed = OwnConventions.safeParse(json);
  if (!parsed.success) throw wrong(parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`));
  return parsed.data.conventions;
}
