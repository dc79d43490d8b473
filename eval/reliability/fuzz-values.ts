import type { Random } from "./random.ts";

/** A JSON schema as OpenAPI 3.1 has it; only what our document uses is looked at. */
export type Schema = { readonly [name: string]: unknown };

/** Text that parsers, paths, shells, SQL, git and terminals have tripped over. */
const HOSTILE: readonly string[] = [
  "",
  " ",
  "\0",
  "\u0000\u001b[31m\u202e",
  "../../etc/passwd",
  "--upload-pack=touch x",
  "-x",
  "%00",
  "%2e%2e%2f",
  "ext::sh -c id",
  "file:///etc",
  "http://127.0.0.1:1/",
  "https://user:password@host.invalid/x.git",
  "'; drop table trees; --",
  "<script>alert(1)</script>",
  "{{7*7}}",
  "\r\nset-cookie: a=b",
  "𝕏\ud800",
  "refs/heads/x.lock",
  "a".repeat(300),
  "0".repeat(40),
  "null",
  "true",
  "9".repeat(400),
  "1e999",
  "__proto__",
  "constructor",
];
const WRONG: readonly unknown[] = [null, true, 0, -1, 2 ** 53, 1.5, 1e300, "", [], {}, [[]], { toString: 1 }, "x"];
/** Members of which a request has one: JSON Schema does not say it. */
const ONE_OF: readonly string[] = ["crash", "signature", "commits", "patch"];
const MOST_ITEMS = 4;
const MOST_DEPTH = 6;

export interface Pool {
  /** Texts that answers have shown: ids, cursors, entity tags. */
  readonly texts: string[];
  /** Texts that mean something to the service, by the name of the member or parameter that takes them. */
  readonly named: Readonly<Record<string, readonly string[]>>;
}

/** A value that mostly follows the schema; with `wildness` (0 to 1) each part of it may be something else. */
export function makeValue(
  name: string,
  schema: Schema,
  schemas: Readonly<Record<string, Schema>>,
  random: Random,
  pool: Pool,
  wildness: number,
  depth = 0,
): unknown {
  if (random.chance(wildness)) return random.chance(0.5) ? random.pick(WRONG) : random.pick(HOSTILE);
  const reference = schema.$ref;
  if (typeof reference === "string") {
    const named = schemas[reference.slice(reference.lastIndexOf("/") + 1)];
    return named === undefined || depth > MOST_DEPTH ? null : makeValue(name, named, schemas, random, pool, wildness, depth + 1);
  }
  const part = (inner: unknown, member = name) => makeValue(member, inner as Schema, schemas, random, pool, wildness, depth + 1);
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return part(random.pick(choices));
  if (Array.isArray(schema.allOf)) return Object.assign({}, ...schema.allOf.map((inner) => part(inner)));
  if (Array.isArray(schema.enum)) return random.pick(schema.enum);
  if ("const" in schema) return schema.const;
  switch (schema.type) {
    case "object":
      return objectOf(schema, part, random, wildness);
    case "array":
      return Array.from({ length: lengthOf(schema, random) }, () => part(schema.items ?? {}));
    case "integer":
    case "number":
      return numberOf(schema, random);
    case "boolean":
      return random.chance(0.5);
    case "null":
      return null;
    default:
      return textOf(name, schema, random, pool);
  }
}

function objectOf(
  schema: Schema,
  part: (inner: unknown, member: string) => unknown,
  random: Random,
  wildness: number,
): Record<string, unknown> {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const made: Record<string, unknown> = {};
  const chosen = random.pick(ONE_OF);
  const exclusive = ONE_OF.every((name) => name in ((schema.properties ?? {}) as object)) && !random.chance(0.2);
  for (const [name, inner] of Object.entries((schema.properties ?? {}) as Record<string, unknown>)) {
    if (exclusive && ONE_OF.includes(name)) {
      if (name === chosen) made[name] = part(inner, name);
      continue;
    }
    const wanted = required.has(name) ? !random.chance(wildness) : random.chance(0.4);
    if (wanted) made[name] = part(inner, name);
  }
  if (random.chance(wildness)) made[random.pick(HOSTILE)] = random.pick(WRONG);
  return made;
}

function lengthOf(schema: Schema, random: Random): number {
  const least = typeof schema.minItems === "number" ? schema.minItems : 0;
  return least + random.below(MOST_ITEMS);
}

function numberOf(schema: Schema, random: Random): number {
  const least = typeof schema.minimum === "number" ? schema.minimum : 0;
  const most = Math.min(typeof schema.maximum === "number" ? schema.maximum : 100, 1000);
  const value = least + random.next() * (most - least);
  return schema.type === "integer" ? Math.floor(value) : value;
}

function textOf(name: string, schema: Schema, random: Random, pool: Pool): string {
  if (schema.format === "date-time") return new Date(random.below(2 ** 31) * 1000).toISOString();
  const { pattern } = schema;
  const named = pool.named[name];
  if (named !== undefined && random.chance(0.9)) return random.pick(named);
  const known = typeof pattern === "string" ? pool.texts.filter((text) => new RegExp(pattern, "u").test(text)) : pool.texts;
  if (known.length > 0 && random.chance(0.8)) return random.pick(known);
  return random.pick(HOSTILE);
}
