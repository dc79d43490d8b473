import type { z } from "zod";

/** Reads a JSON column. @throws ZodError when the row does not hold what its schema says. */
export function readJson<T extends z.ZodType>(schema: T, text: string): z.output<T> {
  return schema.parse(JSON.parse(text));
}

export function readNullable<T extends z.ZodType>(schema: T, text: string | null): z.output<T> | null {
  return text === null ? null : readJson(schema, text);
}

export function writeNullable(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}
