import { parseArgs } from "node:util";

/** The command line asks for something that cannot be done; told in one line, exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

type Options = Readonly<Record<string, { readonly type: "string" | "boolean"; readonly multiple?: boolean }>>;
type Value<O extends Options[string]> = O["type"] extends "boolean" ? boolean : O["multiple"] extends true ? string[] : string;

/**
 * Reads the options of a task; a positional argument is an error.
 * @throws UsageError
 */
export function readOptions<O extends Options>(args: string[], options: O): { readonly [name in keyof O]?: Value<O[name]> } {
  try {
    return parseArgs({ args, options, allowPositionals: false }).values as { [name in keyof O]?: Value<O[name]> };
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
  }
}

/** @throws UsageError when the option is missing or given as nothing */
export function required<T extends string | readonly string[]>(name: string, value: T | undefined): T {
  if (value === undefined || value.length === 0) throw new UsageError(`--${name} is needed`);
  return value;
}

/** @throws UsageError when the option is not one of these words */
export function oneOf<T extends string>(name: string, value: string, words: readonly T[]): T {
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw new UsageError(`--${name} must be ${words.join(", ")}, not ${value}`);
  return word;
}

/** @throws UsageError when the option is not a whole number from 0 */
export function wholeNumber(name: string, value: string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(value)) throw new UsageError(`--${name} must be a whole number, not ${value}`);
  return Number(value);
}

/** An option that names a file which is not there is the user's mistake too. */
export function isUsage(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return error instanceof UsageError || code.startsWith("ERR_PARSE_ARGS") || code === "ENOENT";
}
