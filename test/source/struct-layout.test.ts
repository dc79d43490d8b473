import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Aggregate, type CType, declaredBy, typeOf } from "../../src/source/c-aggregates.ts";
import { withTree } from "../../src/source/c-parser.ts";
import { DATA_MODELS, Layouts, type TypeSource } from "../../src/source/struct-layout.ts";

/** The first type that a piece of C defines. */
async function typeIn(text: string): Promise<CType> {
  const type = await withTree(text, (root) => {
    const [node] = root.namedChildren;
    if (node?.type !== "type_definition") return typeOf(node ?? null);
    const own = typeOf(node.childForFieldName("type"));
    const declarator = node.childForFieldName("declarator");
    return own === null || declarator === null ? null : declaredBy(declarator, own).type;
  });
  assert.ok(type !== null, text);
  return type;
}

const TYPES: Readonly<Record<string, readonly string[]>> = {
  "struct list_head": ["struct list_head { struct list_head *next, *prev; };"],
  "type raw_t": ["typedef struct raw { u32 v; } raw_t;"],
  "type lock_t": ["typedef struct lock { union { raw_t raw; u8 byte; }; } lock_t;"],
  "struct small": ["struct small { char a; raw_t b; long c; };"],
  // Two architectures, or two configurations, define it in two ways.
  "struct either": ["struct either { int a; };", "struct either { long a, b; };"],
  "struct endless": ["struct endless { struct endless self; };"],
};

const SOURCE: TypeSource = {
  types: (tag, name) => Promise.all((TYPES[`${tag} ${name}`] ?? []).map(typeIn)),
  number: async (text) => (/^\d+$/.test(text) ? Number(text) : text === "NAME_LENGTH" ? 16 : null),
};

async function aggregateOf(text: string): Promise<Aggregate> {
  const type = await typeIn(text);
  assert.ok(type.kind === "aggregate");
  return type.aggregate;
}

async function offsets(members: string, arch = "x86_64"): Promise<Record<string, readonly number[]>> {
  const model = DATA_MODELS[arch];
  assert.ok(model !== undefined);
  const { members: placed } = await new Layouts(model, SOURCE).layout(await aggregateOf(`struct s {\n${members}\n};`));
  return Object.fromEntries(placed.map((member) => [member.name, member.offsets]));
}

test("members stand where compilers put them", async () => {
  const members =
    "char a; struct list_head list; u8 flags; lock_t lock; int (*open)(struct s *); char name[NAME_LENGTH]; short *last, after;";
  const lp64 = { a: [0], list: [8], flags: [24], lock: [28], open: [32], name: [40], last: [56], after: [64] };
  assert.deepEqual(await offsets(members), lp64);
  assert.deepEqual(await offsets(members, "arm64"), lp64);
  const ilp32 = { a: [0], list: [4], flags: [12], lock: [16], open: [20], name: [24], last: [40], after: [44] };
  assert.deepEqual(await offsets(members, "i386"), ilp32);
  assert.deepEqual(await offsets("int a; long long b;", "i386"), { a: [0], b: [4] });
  assert.deepEqual(await offsets("int a; long long b;", "arm"), { a: [0], b: [8] });
});

test("members of unnamed structures and unions are those of the structure around them", async () => {
  assert.deepEqual(await offsets("int a; union { long b; struct { char c, d; }; }; int e;"), { a: [0], b: [8], c: [8], d: [9], e: [16] });
});

test("bit fields share units and are no members that an address can name", async () => {
  assert.deepEqual(await offsets("unsigned int a:30, b:4; u8 c; int d;"), { c: [5], d: [8] });
  assert.deepEqual(await offsets("int a; int :0; u8 b;"), { a: [0] }, "the parser does not read unnamed ones");
});

test("where configuration decides, every place is told, and beyond too many none", async () => {
  assert.deepEqual(await offsets("int a;\n#ifdef CONFIG_X\nlong x;\n#else\nint y;\n#endif\nlong b;"), {
    a: [0],
    x: [8],
    y: [4],
    b: [16, 8],
  });
  assert.deepEqual(await offsets("struct either e; int after;"), { e: [0], after: [4, 16] });
  const choices = Array.from({ length: 12 }, (_, i) => `#ifdef CONFIG_${i}\nlong c${i};\n#endif`).join("\n");
  const many = await offsets(`int a;\n${choices}\nint last;`);
  assert.equal(many.last, undefined);
  assert.deepEqual(many.a, [0]);
});

test("behind a member whose size is not known nothing is told", async () => {
  assert.deepEqual(await offsets("int a; struct absent b; int c;"), { a: [0] });
  assert.deepEqual(await offsets("int a; char b[ABSENT]; int c;"), { a: [0] });
  assert.deepEqual(await offsets("int a; struct endless b; int c;"), { a: [0] });
});

const PRELUDE = `typedef unsigned char u8; typedef unsigned int u32; enum e { A };
struct list_head { struct list_head *next, *prev; };
typedef struct raw { u32 v; } raw_t;
typedef struct lock { union { raw_t raw; u8 byte; }; } lock_t;
struct small { char a; raw_t b; long c; };
`;

/** Structures of every kind of member, the same in every run. */
function structures(): string[] {
  const types = [
    "char",
    "short",
    "int",
    "long",
    "long long",
    "void *",
    "u8",
    "u32",
    "enum e",
    "struct list_head",
    "struct small",
    "lock_t",
  ];
  let state = 1;
  const below = (end: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % end;
  };
  let names = 0;
  const members = (depth: number): string =>
    Array.from({ length: 1 + below(6) }, () => {
      const name = `m${names++}`;
      const type = types[below(types.length)];
      const form = below(depth > 1 ? 4 : 7);
      if (form === 4) return `struct { ${members(depth + 1)} } ${name};`;
      if (form === 5) return `union { ${members(depth + 1)} };`;
      if (form === 6) return `struct { ${members(depth + 1)} };`;
      if (form === 0) return `u32 ${name}:${1 + below(31)}, n${names++}:${1 + below(31)};`;
      return form === 1 ? `${type} ${name}[${1 + below(4)}];` : `${type} ${name};`;
    }).join(" ");
  return Array.from({ length: 200 }, (_, i) => `struct t${i} { ${members(0)} };`);
}

test("the offsets are those of the C compiler of this machine", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "backportd-layout-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const texts = structures();
  const expressions: string[] = [];
  const ours: number[] = [];
  const model = DATA_MODELS.x86_64;
  assert.ok(model !== undefined);
  const layouts = new Layouts(model, SOURCE);
  for (const [i, text] of texts.entries()) {
    const { members, shapes } = await layouts.layout(await aggregateOf(text));
    expressions.push(`sizeof(struct t${i})`, ...members.map((member) => `__builtin_offsetof(struct t${i}, ${member.name})`));
    ours.push(shapes?.[0]?.size ?? -1, ...members.map((member) => member.offsets[0] ?? -1));
  }
  const file = join(folder, "t.c");
  const values = expressions.map((expression) => `(unsigned int)${expression}`).join(", ");
  writeFileSync(file, `${PRELUDE}${texts.join("\n")}\nunsigned int here = sizeof(long);\nunsigned int values[] = { 1, ${values} };\n`);
  const compiled = spawnSync("cc", ["-O0", "-S", "-o", join(folder, "t.s"), file], { encoding: "utf8" });
  const assembly = compiled.status === 0 ? readFileSync(join(folder, "t.s"), "utf8") : "";
  const [, wordSize = "", listing = ""] = /here:\s+\.long\s+(\d+)([\s\S]*)/.exec(assembly) ?? [];
  if (wordSize !== "8") return t.skip("no C compiler for 64 bit that writes GNU assembly");
  const words = [...listing.slice(listing.indexOf("values:")).matchAll(/^\s+\.(long|zero)\s+(\d+)/gm)].flatMap(([, directive, number]) =>
    directive === "long" ? [Number(number)] : Array<number>(Number(number) / 4).fill(0),
  );
  assert.deepEqual(words.slice(1, 1 + ours.length), ours);
});
