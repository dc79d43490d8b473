import type { Node } from "web-tree-sitter";

/** The type of a member or variable, as far as layouts need it. */
export type CType =
  | { readonly kind: "pointer"; readonly to: CType }
  | { readonly kind: "array"; readonly of: CType; readonly count: string }
  | { readonly kind: "aggregate"; readonly aggregate: Aggregate }
  | { readonly kind: "named"; readonly tag: "struct" | "union" | "enum" | "type"; readonly name: string }
  | { readonly kind: "function" };

/** What a body holds, in order. Of a choice, configuration decides which branch is compiled. */
export type AggregateItem =
  | { readonly kind: "member"; readonly name: string | null; readonly type: CType; readonly bits: string | null }
  | { readonly kind: "choice"; readonly branches: readonly (readonly AggregateItem[])[] }
  | { readonly kind: "unreadable" };

export interface Aggregate {
  readonly kind: "struct" | "union";
  readonly items: readonly AggregateItem[];
}

const AGGREGATES: Readonly<Record<string, Aggregate["kind"]>> = { struct_specifier: "struct", union_specifier: "union" };
const CONDITIONS: ReadonlySet<string> = new Set(["preproc_if", "preproc_ifdef", "preproc_elif", "preproc_elifdef", "preproc_else"]);
/** Nodes of a body that take no room. */
const SILENT: ReadonlySet<string> = new Set(["comment", "preproc_def", "preproc_function_def", "preproc_call", "preproc_include"]);

function isDeclarator(node: Node): boolean {
  return (
    node.type.endsWith("declarator") || node.type === "field_identifier" || node.type === "identifier" || node.type === "type_identifier"
  );
}

/** The type that a declaration's specifier names. `unsigned long` is one name. */
export function typeOf(specifier: Node | null): CType | null {
  if (specifier === null) return null;
  const { type } = specifier;
  const name = specifier.childForFieldName("name")?.text;
  if (type === "primitive_type" || type === "sized_type_specifier" || type === "type_identifier")
    return { kind: "named", tag: "type", name: specifier.text.replace(/\s+/g, " ") };
  if (type === "enum_specifier") return { kind: "named", tag: "enum", name: name ?? "" };
  const kind = AGGREGATES[type];
  if (kind === undefined) return null;
  const body = specifier.childForFieldName("body");
  if (body !== null) return { kind: "aggregate", aggregate: { kind, items: itemsOf(body.namedChildren) } };
  return name === undefined ? null : { kind: "named", tag: kind, name };
}

/** Name and type of a declarator around a type: `*m`, `flags[4]`, `(*fn)(int)`. */
export function declaredBy(declarator: Node, type: CType): { readonly name: string | null; readonly type: CType } {
  const inner = declarator.childForFieldName("declarator") ?? declarator.namedChildren.find(isDeclarator) ?? null;
  switch (declarator.type) {
    case "pointer_declarator":
    case "abstract_pointer_declarator":
      return inner === null ? { name: null, type: { kind: "pointer", to: type } } : declaredBy(inner, { kind: "pointer", to: type });
    case "array_declarator": {
      const count = declarator.childForFieldName("size")?.text ?? "0";
      return inner === null ? { name: null, type } : declaredBy(inner, { kind: "array", of: type, count });
    }
    case "function_declarator":
      return inner === null ? { name: null, type } : declaredBy(inner, { kind: "function" });
    case "parenthesized_declarator":
    case "init_declarator":
      return inner === null ? { name: null, type } : declaredBy(inner, type);
    default:
      return { name: declarator.text, type };
  }
}

function membersOf(declaration: Node): AggregateItem[] {
  const type = typeOf(declaration.childForFieldName("type"));
  if (type === null || declaration.hasError) return [{ kind: "unreadable" }];
  const members: Extract<AggregateItem, { kind: "member" }>[] = [];
  for (const child of declaration.namedChildren) {
    const named = members.at(-1);
    if (child.type === "bitfield_clause" && named !== undefined) {
      members[members.length - 1] = { ...named, bits: child.namedChildren[0]?.text ?? "" };
    } else if (isDeclarator(child) && child.id !== declaration.childForFieldName("type")?.id) {
      members.push({ kind: "member", ...declaredBy(child, type), bits: null });
    }
  }
  // An anonymous structure or union lends its members.
  return members.length > 0 ? members : [{ kind: "member", name: null, type, bits: null }];
}

/** The branches of an `#if`, the empty one included where there is no `#else`. */
function branchesOf(condition: Node): AggregateItem[][] {
  const alternative = condition.childForFieldName("alternative");
  const skipped = new Set([alternative?.id, condition.childForFieldName("name")?.id, condition.childForFieldName("condition")?.id]);
  const own = itemsOf(condition.namedChildren.filter((child) => !skipped.has(child.id)));
  if (condition.type === "preproc_else") return [own];
  return [own, ...(alternative === null ? [[]] : branchesOf(alternative))];
}

function itemsOf(nodes: readonly Node[]): AggregateItem[] {
  return nodes.flatMap((node): AggregateItem[] => {
    if (node.type === "field_declaration") return membersOf(node);
    if (CONDITIONS.has(node.type)) return [{ kind: "choice", branches: branchesOf(node) }];
    return SILENT.has(node.type) ? [] : [{ kind: "unreadable" }];
  });
}
