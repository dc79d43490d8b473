import type { Node } from "web-tree-sitter";
import { fileText } from "../git/file-text.ts";
import type { Signature, SignatureDetails } from "../schema/signature.ts";
import { type CType, declaredBy, typeOf } from "../source/c-aggregates.ts";
import { withTree } from "../source/c-parser.ts";
import { functionSpans } from "../source/c-text.ts";
import { DATA_MODELS, Layouts, type PlacedMember, type TypeSource } from "../source/struct-layout.ts";
import type { AnalysisContext } from "./context.ts";
import { ofKernel, typesOfTarget } from "./struct-source.ts";

type FieldHint = SignatureDetails["fieldHints"][number];

const SMALL_OFFSETS = 0x1000;
const MOST_HINTS = 16;
/** Structures that the text names are looked up; more are no hint. */
const MOST_STRUCTS = 8;
const MOST_ACCESSES = 200;
/** A static function may stand in several files. */
const MOST_FUNCTIONS = 2;
/** A return type may stand above the name of a function. */
const LINES_ABOVE = 2;

/**
 * The signature with the members that stand at the offset of the fault behind a null pointer, by the sources of the target: those that the
 * function at fault uses, or else those of structures that the text names. Unchanged where the sources cannot tell.
 */
export async function withFieldHints(ctx: AnalysisContext, signature: Signature): Promise<Signature> {
  const { details } = signature;
  const offset = offsetOf(signature);
  const arch = signature.arch ?? "";
  const model = DATA_MODELS[arch];
  if (details === undefined || offset === null || model === undefined || ctx.sources === null) return signature;
  const types = typesOfTarget(ctx, arch);
  const reader: Reader = { ctx, arch, layouts: new Layouts(model, types), types, offset };
  const used = await usedMembers(reader, signature.pc?.symbol ?? signature.frames[0]?.symbol ?? null);
  const found = used.length > 0 ? used : await namedMembers(reader, details);
  const told = new Set(details.fieldHints.map((hint) => `${hint.struct}.${hint.field}`));
  const fieldHints = [...details.fieldHints, ...found.filter((hint) => !told.has(`${hint.struct}.${hint.field}`))].slice(0, MOST_HINTS);
  return { ...signature, details: { ...details, fieldHints } };
}

interface Reader {
  readonly ctx: AnalysisContext;
  readonly arch: string;
  readonly layouts: Layouts;
  readonly types: TypeSource;
  readonly offset: number;
}

/** The distance from null at which the fault was; KASAN's shadow address is taken for what it stands for. */
function offsetOf({ fault, details }: Signature): number | null {
  const small = fault?.addressClass === "null_page" || fault?.addressClass === "small_offset";
  const address = details?.decodedAddress ?? (small ? fault.address : null);
  const offset = address == null ? Number.NaN : Number(address);
  return offset < SMALL_OFFSETS ? offset : null;
}

/** `v->a.b` of a function, with the type that its innermost variable is declared with. */
interface Access {
  readonly variable: CType;
  /** Member names, from the variable on; `->` follows a pointer, `.` does not. */
  readonly path: readonly { readonly name: string; readonly follows: boolean }[];
  readonly text: string;
  /** 0-based, in the text that was read. */
  readonly line: number;
}

/** Members at the offset among those that a function of the target reads or writes through a pointer. */
async function usedMembers(reader: Reader, name: string | null): Promise<FieldHint[]> {
  const { ctx, layouts, offset, arch } = reader;
  const definitions = name === null ? null : await ctx.sources?.definitions(ctx.targetTree, name, ["function"]);
  const hints = new Map<string, FieldHint>();
  for (const { path } of ofKernel(definitions ?? [], arch).slice(0, MOST_FUNCTIONS)) {
    const text = await fileText(ctx.repo, ctx.targetTree, path);
    const span = text === null ? undefined : functionSpans(text).find((one) => one.name === name);
    if (text === null || span === undefined) continue;
    const first = Math.max(0, span.start - LINES_ABOVE);
    const body = text
      .split("\n")
      .slice(first, span.end + 1)
      .join("\n");
    for (const access of (await withTree(body, accessesOf)) ?? []) {
      const reached = await resolve(layouts, access);
      if (reached === null || !reached.offsets.includes(offset)) continue;
      const because = `${name}() uses ${access.text} at ${path}:${first + access.line + 1}`;
      const { struct, field } = reached;
      if (!hints.has(`${struct}.${field}`))
        hints.set(`${struct}.${field}`, { struct, field, offset, basis: "access", exact: reached.exact, because });
    }
  }
  return [...hints.values()];
}

/** Variables and parameters with their types, then every access through one of them. */
function accessesOf(root: Node): Access[] {
  const variables = new Map<string, CType>();
  for (const declaration of root.descendantsOfType(["parameter_declaration", "declaration"])) {
    const type = typeOf(declaration?.childForFieldName("type") ?? null);
    if (declaration === null || type === null) continue;
    for (const declarator of declaration.childrenForFieldName("declarator")) {
      const declared = declarator === null ? null : declaredBy(declarator, type);
      if (declared?.name != null) variables.set(declared.name, declared.type);
    }
  }
  const accesses: Access[] = [];
  for (const node of root.descendantsOfType("field_expression")) {
    const path: { name: string; follows: boolean }[] = [];
    let at: Node | null = node;
    while (at?.type === "field_expression") {
      const follows = at.childForFieldName("operator")?.type === "->";
      path.unshift({ name: at.childForFieldName("field")?.text ?? "", follows });
      at = at.childForFieldName("argument");
    }
    const variable = at?.type === "identifier" ? variables.get(at.text) : undefined;
    if (node !== null && variable !== undefined && accesses.length < MOST_ACCESSES)
      accesses.push({ variable, path, text: node.text.replace(/\s+/g, " "), line: node.startPosition.row });
  }
  return accesses;
}

interface Reached {
  readonly struct: string;
  readonly field: string;
  readonly offsets: readonly number[];
  readonly exact: boolean;
}

/** Where the last member of an access stands behind the last pointer that it follows; null when a type on the way is not known. */
async function resolve(layouts: Layouts, { variable, path }: Access): Promise<Reached | null> {
  let type = variable;
  let from: Reached = { struct: "", field: "", offsets: [0], exact: true };
  for (const { name, follows } of path) {
    if (follows) {
      if (type.kind !== "pointer" && type.kind !== "array") return null;
      type = type.kind === "pointer" ? type.to : type.of;
      from = { struct: nameOf(type), field: "", offsets: [0], exact: true };
    }
    const member = await memberOf(layouts, type, name);
    if (member === null) return null;
    const offsets = [...new Set(from.offsets.flatMap((at) => member.offsets.map((offset) => at + offset)))];
    const exact = from.exact && offsets.length === 1 && !member.conditional;
    from = { struct: from.struct, field: from.field === "" ? name : `${from.field}.${name}`, offsets, exact };
    type = member.type;
  }
  // What stands in a variable itself is not behind a pointer.
  return path.some(({ follows }) => follows) && from.struct !== "" ? from : null;
}

function nameOf(type: CType): string {
  return type.kind === "named" ? type.name : "";
}

async function memberOf(layouts: Layouts, type: CType, name: string): Promise<PlacedMember | null> {
  const aggregates = await layouts.aggregates(type);
  const [only] = aggregates;
  if (only === undefined || aggregates.length > 1) return null;
  return (await layouts.layout(only)).members.find((member) => member.name === name) ?? null;
}

/** Members at the offset in structures that the crash text names; a slab cache often bears the name of its structure. */
async function namedMembers({ layouts, types, offset }: Reader, { objects }: SignatureDetails): Promise<FieldHint[]> {
  const hints: FieldHint[] = [];
  for (const { name, kind } of objects.slice(0, MOST_STRUCTS)) {
    const found = (await types.types("struct", name)).flatMap((type) => (type.kind === "aggregate" ? [type.aggregate] : []));
    for (const aggregate of found) {
      const at = (await layouts.layout(aggregate)).members.filter((member) => member.offsets.includes(offset));
      for (const { name: field, offsets, conditional } of at) {
        const exact = offsets.length === 1 && !conditional && found.length === 1;
        hints.push({ struct: name, field, offset, basis: "layout", exact, because: `the text names the ${kind} ${name}` });
      }
    }
  }
  return hints;
}
