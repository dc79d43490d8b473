import { z } from "zod";
import type { Schema } from "./fuzz-values.ts";
import type { Answer } from "./service.ts";

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: Schema }[];
  readonly body: Schema | null;
  readonly bodyType: string;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>>;
}

export interface ApiDocument {
  readonly operations: readonly Operation[];
  readonly schemas: Readonly<Record<string, Schema>>;
}

interface RawOperation {
  readonly parameters?: Operation["parameters"];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
  readonly responses: Operation["responses"];
}

export function readDocument(text: string): ApiDocument {
  const document = JSON.parse(text) as {
    readonly paths: Record<string, Record<string, RawOperation>>;
    readonly components: { readonly schemas: Record<string, Schema> };
  };
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody, responses }]): Operation => {
      const [bodyType, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
      return { method: method.toUpperCase(), path, parameters, body: content?.schema ?? null, bodyType: bodyType ?? "", responses };
    }),
  );
  return { operations, schemas: document.components.schemas };
}

/** What is wrong with an answer; null when it is as the document says. */
export type Checker = (operation: Operation, answer: Answer) => string | null;

export function createChecker(document: ApiDocument): Checker {
  const $defs = JSON.parse(JSON.stringify(document.schemas).replaceAll("#/components/schemas/", "#/$defs/")) as Record<string, Schema>;
  const validators = new Map<string, z.ZodType>();
  const validatorOf = (schema: Schema): z.ZodType => {
    const key = JSON.stringify(schema);
    const known = validators.get(key);
    if (known !== undefined) return known;
    const local = JSON.parse(key.replaceAll("#/components/schemas/", "#/$defs/")) as Schema;
    const made = z.fromJSONSchema({ ...local, $defs });
    validators.set(key, made);
    return made;
  };
  return (operation, { status, headers, body }) => {
    if (status >= 500 && status !== 503 && status !== 504 && status !== 507) return `answers ${status}: ${body.slice(0, 300)}`;
    const documented = operation.responses[String(status)];
    if (documented === undefined) return `answers ${status}, which is not documented: ${body.slice(0, 300)}`;
    const type = headers.get("content-type")?.split(";", 1)[0] ?? "";
    if (documented.content === undefined) return body === "" ? null : `answers ${status} with a body that is not documented`;
    const content = documented.content[type];
    if (content === undefined) return status === 304 ? null : `answers ${status} as "${type}", which is not documented`;
    if (!type.endsWith("json") || content.schema === undefined) return null;
    const read = validatorOf(content.schema).safeParse(JSON.parse(body));
    return read.success ? null : `answers ${status} with a body against its schema: ${z.prettifyError(read.error)}`;
  };
}
