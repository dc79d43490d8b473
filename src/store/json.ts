import type { z } from "zod";
import { ApiProblem } from "../problems.ts";

function outdated(): ApiProblem {
  return new ApiProblem(
    "stored-form-outdated",
    "Another version of the service stored this in a form that this version cannot show. Ask anew: POST the question again, or remove the resource and make it again.",
  );
}

/** Reads a JSON column. @throws ApiProblem stored-form-outdated when the row does not hold what its schema says */
export function readJson<T extends z.ZodType>(schema: T, text: string): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw outdated();
  }
  return readWord(schema, value);
}

export function readNullable<T extends z.ZodType>(schema: T, text: string | null): z.output<T> | null {
  return text === null ? null : readJson(schema, text);
}

/** For what only says how far work is: null when another version wrote it. */
export function readIfCurrent<T extends z.ZodType>(schema: T, text: string | null): z.output<T> | null {
  if (text === null) return null;
  try {
    return readJson(schema, text);
  } catch {
    return null;
  }
}

/** Reads a column that holds a word of a closed set. @throws ApiProblem stored-form-outdated */
export function readWord<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw outdated();
}

export function writeNullable(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}
