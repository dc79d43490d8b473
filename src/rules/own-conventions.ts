import { z } from "zod";
import { readReferences } from "./read-references.ts";
import { REFERENCE_CONVENTIONS, type ReferenceConvention, type ReferenceKind } from "./reference-conventions.ts";

const KINDS = [
  "backport_of",
  "port_of",
  "prerequisite_of",
  "prerequisite",
  "fixes",
  "reverts",
  "mention",
] as const satisfies readonly ReferenceKind[];
const BUILT_IN: ReadonlySet<string> = new Set(REFERENCE_CONVENTIONS.map((row) => row.id));
const PLACEHOLDER = "{oid}";
/** A template with fewer letters would match lines of any kind. */
const LEAST_LETTERS = 3;
const MOST_CONVENTIONS = 100;

const count = (text: string, part: string): number => text.split(part).length - 1;

const Template = z
  .string()
  .max(200)
  .refine((line) => count(line, PLACEHOLDER) === 1, `must hold ${PLACEHOLDER} once`)
  .refine((line) => count(line, "*") <= 1, "may hold * once")
  .refine((line) => !line.includes("\n"), "is matched against one line")
  .refine((line) => (line.replace(PLACEHOLDER, "").match(/\p{L}/gu) ?? []).length >= LEAST_LETTERS, `needs ${LEAST_LETTERS} letters`);

/**
 * How the trees of one user name other commits. `line` is what the line begins with: `{oid}` stands for the id, `*` for any text, a blank for
 * blanks; letter case does not matter. A template and no regular expression, so that no message can make it slow.
 */
export const OwnConvention = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/)
    .refine((id) => !BUILT_IN.has(id), "is the name of a built-in convention"),
  kind: z.enum(KINDS),
  line: Template,
  indented: z.boolean().default(false),
  sample: z.string().max(1000),
});
export type OwnConvention = z.infer<typeof OwnConvention>;

export const OwnConventions = z
  .strictObject({ conventions: z.array(OwnConvention).max(MOST_CONVENTIONS) })
  .refine(({ conventions }) => new Set(conventions.map(({ id }) => id)).size === conventions.length, "two conventions have one id")
  .superRefine(({ conventions }, context) => {
    const rows = withOwn(conventions);
    for (const [at, { id, sample }] of conventions.entries()) {
      const [first] = readReferences(`subject\n\n${sample}`, rows);
      if (first?.convention === id) continue;
      const message = `is not read by this convention${first === undefined ? "" : ` but by ${first.convention}`}`;
      context.addIssue({ code: "custom", path: ["conventions", at, "sample"], message });
    }
  });

/** All conventions in their order of precedence: what users say of their own trees goes before what we know of all. */
export function withOwn(own: readonly OwnConvention[]): readonly ReferenceConvention[] {
  return own.length === 0 ? REFERENCE_CONVENTIONS : [...own.map(rowOf), ...REFERENCE_CONVENTIONS];
}

function rowOf({ id, kind, line, indented, sample }: OwnConvention): ReferenceConvention {
  return { id, kind, pattern: patternOf(line.trim()), indented, sample };
}

/**
 * Linear time on any line: of the parts only `*` has no fixed upper length, there is one of it, and no `\s*` stands beside it.
 */
function patternOf(template: string): RegExp {
  const source = template
    .split(/(\{oid\}|\*|\s+)/)
    .map((part) => {
      if (part === PLACEHOLDER) return "([0-9a-f]{7,40})(?![0-9a-z_])";
      if (part === "*") return ".*?";
      return /^\s+$/.test(part) ? "\\s{1,8}" : part.replace(/[.+?^${}()|[\]\\/-]/g, "\\$&");
    })
    .join("");
  return new RegExp(`^${template.startsWith("*") ? "" : "\\s*"}${source}`, "gi");
}
