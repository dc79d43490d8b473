import type { Node } from "web-tree-sitter";
import { fileText } from "../git/file-text.ts";
import { ARCH_FOLDERS } from "../rules/evidence-words.ts";
import { type CType, declaredBy, typeOf } from "../source/c-aggregates.ts";
import { withTree } from "../source/c-parser.ts";
import { blankCommentsAndStrings } from "../source/c-text.ts";
import type { Definition } from "../source/source-index.ts";
import type { TypeSource } from "../source/struct-layout.ts";
import type { AnalysisContext } from "./context.ts";
import { remember } from "./remember.ts";

/** Copies of headers for programs, and code that is not the kernel's. */
const NOT_KERNEL = /^(?:tools|scripts|samples|Documentation|usr)\//;
const MOST_DEFINITIONS = 3;
/** Names looked up for one crash; the first look at a name may parse the files that define it. */
const MOST_LOOKUPS = 64;
const LONGEST_DEFINITION = 40_000;
/** What the alignment of a member depends on and the parser does not see. */
const PLACED_BY_HAND = /^.*\b(?:__aligned|aligned|DECLARE_\w+|\w*cacheline_\w+)\b.*$/gm;
const PACKED = /\}[^;{}]*\b(?:__packed|packed)\b/;
/** The fields between these are only moved by a plugin of the compiler, which distributions do not use. */
const RANDOMIZED = /\brandomized_struct_fields_(?:start|end)\b/g;
const UNKNOWN_MEMBER = "struct member_of_unknown_place unknown_place;";
type Definitions = readonly Definition[];

/** Definitions that a kernel of the architecture can be built from; those of include/ hide those of single files. */
export function ofKernel(definitions: Definitions, arch: string): Definitions {
  const folders = ARCH_FOLDERS.find(({ arches }) => arches.test(arch))?.folders;
  const isOwn = (path: string): boolean => folders?.test(path) === true;
  const usable = definitions.filter(({ path }) => !NOT_KERNEL.test(path) && (!path.startsWith("arch/") || isOwn(path)));
  const shared = usable.filter(({ path }) => path.startsWith("include/") || isOwn(path));
  return shared.length > 0 ? shared : usable;
}

/** The text of the definition whose name stands on a line (1-based), from where it begins to the end of its last line. */
function definitionAt(source: string, line: number): string | null {
  const text = blankCommentsAndStrings(source);
  const lines = text.split("\n");
  let first = line - 1;
  // `} name_t;` closes what began further up.
  if (lines[first]?.startsWith("}") === true) while (first > 0 && !/^typedef\b/.test(lines[first] ?? "")) first--;
  const rest = lines.slice(first).join("\n").slice(0, LONGEST_DEFINITION);
  let depth = 0;
  for (let at = 0; at < rest.length; at++) {
    if (rest[at] === "{") depth++;
    else if (rest[at] === "}") depth--;
    else if (rest[at] === ";" && depth === 0) return rest.slice(0, at + 1);
  }
  return null;
}

/** Blanks what only moves members when a plugin is used, and puts a member without size where the room cannot be told. */
function readable(definition: string): string | null {
  const [, behind = ""] = /\}([^{}]*)$/.exec(definition) ?? [];
  if (PACKED.test(definition)) return null;
  const body = definition
    .slice(0, definition.length - behind.length - 1)
    .replace(RANDOMIZED, "")
    .replace(PLACED_BY_HAND, UNKNOWN_MEMBER);
  if (!definition.includes("{")) return definition;
  return `${body}${/aligned/.test(behind) ? UNKNOWN_MEMBER : ""}}${behind}`;
}

function typesOf(root: Node): CType[] {
  return root.namedChildren.flatMap((node): CType[] => {
    const type = typeOf(node.type === "type_definition" ? node.childForFieldName("type") : node);
    if (type === null) return [];
    if (node.type !== "type_definition") return [type];
    return node
      .childrenForFieldName("declarator")
      .flatMap((declarator) => (declarator === null ? [] : [declaredBy(declarator, type).type]));
  });
}

/** Reads types as the target's sources define them for an architecture, through the source index. */
export function typesOfTarget(ctx: AnalysisContext, arch: string): TypeSource {
  const known = new Map<string, Promise<readonly CType[]>>();
  const numbers = new Map<string, Promise<number | null>>();

  async function textOf({ path, line }: Definition): Promise<string | null> {
    const text = await fileText(ctx.repo, ctx.targetTree, path);
    return text === null ? null : definitionAt(text, line);
  }

  async function read(tag: "struct" | "union" | "type", name: string): Promise<readonly CType[]> {
    const found = await ctx.sources?.definitions(ctx.targetTree, name, [tag === "type" ? "typedef" : tag]);
    const usable = ofKernel(found ?? [], arch);
    if (usable.length > MOST_DEFINITIONS) return [];
    const types: CType[] = [];
    for (const definition of usable) {
      const text = await textOf(definition);
      const ready = text === null ? null : readable(text);
      const one = ready === null ? null : await withTree(ready, (root) => typesOf(root)[0] ?? null);
      // One form that cannot be read leaves all in doubt.
      if (one === null) return [];
      types.push(one);
    }
    return types;
  }

  async function macro(name: string): Promise<number | null> {
    const found = ofKernel((await ctx.sources?.definitions(ctx.targetTree, name, ["macro"])) ?? [], arch);
    const [only] = found;
    if (only === undefined || found.length > 1) return null;
    const line = (await fileText(ctx.repo, ctx.targetTree, only.path))?.split("\n")[only.line - 1];
    const value =
      line === undefined ? undefined : /^\s*#\s*define\s+\w+\s+\(?(0x[0-9a-fA-F]{1,8}|\d{1,9})[UL]{0,3}\)?\s*(?:\/\*.*)?$/.exec(line)?.[1];
    return value === undefined ? null : Number(value);
  }

  return {
    types: (tag, name) => remember(known, `${tag} ${name}`, async () => (known.size > MOST_LOOKUPS ? [] : read(tag, name))),
    number: async (text) => {
      if (/^(?:0x[0-9a-fA-F]{1,8}|\d{1,9})$/.test(text)) return Number(text);
      return /^[A-Za-z_]\w*$/.test(text) ? remember(numbers, text, () => macro(text)) : null;
    },
  };
}
