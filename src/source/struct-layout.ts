import type { Aggregate, AggregateItem, CType } from "./c-aggregates.ts";

/** Sizes that an architecture's C compiler gives, in bytes. */
export interface DataModel {
  readonly pointer: 4 | 8;
  /** Of `long long` inside a structure. */
  readonly longLongAlign: 4 | 8;
}

const LP64: DataModel = { pointer: 8, longLongAlign: 8 };

/** By the architectures of signatures. Kernels of the others come with several models. */
export const DATA_MODELS: Readonly<Record<string, DataModel>> = {
  x86_64: LP64,
  arm64: LP64,
  ppc64: LP64,
  s390x: LP64,
  loongarch: LP64,
  i386: { pointer: 4, longLongAlign: 4 },
  arm: { pointer: 4, longLongAlign: 8 },
};

/** What a name stands for in the sources: several when configuration or architecture decides; none when it is not known. */
export interface TypeSource {
  types(tag: "struct" | "union" | "type", name: string): Promise<readonly CType[]>;
  /** The number that a macro or literal stands for. */
  number(text: string): Promise<number | null>;
}

/** Size and alignment that a type may have; several when configuration decides. Null when it is not known. */
type Shapes = readonly Shape[] | null;
interface Shape {
  readonly size: number;
  readonly align: number;
}

/** A member and the offsets at which it may stand. */
export interface PlacedMember {
  readonly name: string;
  readonly type: CType;
  readonly offsets: readonly number[];
  /** Not in every configuration. */
  readonly conditional: boolean;
}

interface Layout {
  /** Those in front of the first member whose room is not known. */
  readonly members: readonly PlacedMember[];
  readonly shapes: Shapes;
}

/** Where so many offsets are possible, none is worth telling. */
const MOST_OFFSETS = 8;
/** A name may stand for another so many times. */
const MOST_NAMES = 8;

const NAMES_BY_SIZE: Readonly<Record<number, string>> = {
  1: "char bool _Bool u8 s8 __u8 __s8 uint8_t int8_t",
  2: "short u16 s16 __u16 __s16 __le16 __be16 uint16_t int16_t umode_t",
  4: "int float u32 s32 __u32 __s32 __le32 __be32 uint32_t int32_t gfp_t",
  8: "u64 s64 __u64 __s64 __le64 __be64 uint64_t int64_t loff_t double",
};
const SIZES = new Map(
  Object.entries(NAMES_BY_SIZE).flatMap(([size, names]) => names.split(" ").map((name) => [name, Number(size)] as const)),
);
SIZES.set("long long", 8);
const POINTER_SIZED: ReadonlySet<string> = new Set(["long", "size_t", "ssize_t", "uintptr_t", "ptrdiff_t", "pgoff_t"]);

function primitive(name: string, model: DataModel): Shape | null {
  const plain = name.replace(/\b(?:unsigned|signed|const|volatile)\b ?/g, "").trim();
  const word = plain === "" ? "int" : plain.replace(/ int$/, "");
  if (POINTER_SIZED.has(word)) return { size: model.pointer, align: model.pointer };
  const size = SIZES.get(word);
  if (size === undefined) return null;
  return { size, align: size === 8 ? model.longLongAlign : size };
}

function aligned(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}

function distinct(shapes: readonly Shape[]): Shapes {
  const found = new Map(shapes.map((shape) => [`${shape.size} ${shape.align}`, shape]));
  return found.size > MOST_OFFSETS ? null : [...found.values()];
}

/** The named types around the one that is looked at; one that is meant to hold itself has no size. */
type Trail = readonly string[];

/** Lays structures out as the C compilers of Linux do (System V ABI). One instance remembers the types it has met. */
export class Layouts {
  readonly #model: DataModel;
  readonly #source: TypeSource;
  readonly #named = new Map<string, Promise<Shapes>>();

  constructor(model: DataModel, source: TypeSource) {
    this.#model = model;
    this.#source = source;
  }

  /** What a type may be once its name is looked up: its aggregates. */
  async aggregates(type: CType, names = 0): Promise<readonly Aggregate[]> {
    if (type.kind === "aggregate") return [type.aggregate];
    if (type.kind !== "named" || type.tag === "enum" || names > MOST_NAMES) return [];
    const found = await this.#source.types(type.tag, type.name);
    return (await Promise.all(found.map((one) => this.aggregates(one, names + 1)))).flat();
  }

  async #shapes(type: CType, trail: Trail): Promise<Shapes> {
    const { pointer } = this.#model;
    switch (type.kind) {
      case "pointer":
        return [{ size: pointer, align: pointer }];
      case "function":
        return null;
      case "aggregate":
        return (await this.layout(type.aggregate, trail)).shapes;
      case "array": {
        const count = await this.#source.number(type.count);
        const shapes = count === null ? null : await this.#shapes(type.of, trail);
        return shapes?.map(({ size, align }) => ({ size: size * (count ?? 0), align })) ?? null;
      }
      case "named":
        return this.#namedShapes(type, trail);
    }
  }

  #namedShapes(type: Extract<CType, { kind: "named" }>, trail: Trail): Promise<Shapes> {
    const key = `${type.tag} ${type.name}`;
    const known = this.#named.get(key);
    if (trail.includes(key)) return Promise.resolve(null);
    if (known !== undefined) return known;
    const shapes = this.#readNamed(type, [...trail, key]);
    this.#named.set(key, shapes);
    return shapes;
  }

  async #readNamed({ tag, name }: Extract<CType, { kind: "named" }>, trail: Trail): Promise<Shapes> {
    if (tag === "enum") return [{ size: 4, align: 4 }];
    const own = tag === "type" ? primitive(name, this.#model) : null;
    if (own !== null) return [own];
    const types = await this.#source.types(tag, name);
    if (types.length === 0) return null;
    const all: Shape[] = [];
    for (const type of types) {
      const shapes = await this.#shapes(type, trail);
      if (shapes === null) return null;
      all.push(...shapes);
    }
    return distinct(all);
  }

  /** Where the members of an aggregate stand. */
  async layout(aggregate: Aggregate, trail: Trail = []): Promise<Layout> {
    const body: Body = { members: [], union: aggregate.kind === "union", trail };
    const ends = await this.#place(body, aggregate.items, [START], false);
    const members = body.members.filter(({ offsets }) => offsets.length <= MOST_OFFSETS);
    const shapes = ends?.map(({ size, align }) => ({ size: aligned(size, align), align })) ?? null;
    return { members, shapes: shapes === null ? null : distinct(shapes) };
  }

  /** Lays items out behind each of the states; null once the room of one is not known. Adds the members that it passes to the body. */
  async #place(
    body: Body,
    items: readonly AggregateItem[],
    starts: readonly State[],
    conditional: boolean,
  ): Promise<readonly State[] | null> {
    let states: readonly State[] | null = starts;
    for (const item of items) {
      if (item.kind === "unreadable") return null;
      states =
        item.kind === "choice"
          ? await this.#placeBranches(body, item.branches, states)
          : await this.#placeMember(body, item, states, conditional);
      if (states === null || states.length > MOST_OFFSETS) return null;
    }
    return states;
  }

  async #placeBranches(body: Body, branches: Choice["branches"], starts: readonly State[]): Promise<readonly State[] | null> {
    const ends: State[] = [];
    for (const branch of branches) {
      const after = await this.#place(body, branch, starts, true);
      if (after === null) return null;
      ends.push(...after);
    }
    return merged(ends);
  }

  async #placeMember(body: Body, member: Member, starts: readonly State[], conditional: boolean): Promise<readonly State[] | null> {
    const { name, type } = member;
    const shapes = await this.#shapes(type, body.trail);
    const bits = member.bits === null ? null : await this.#source.number(member.bits);
    if (shapes === null || (member.bits !== null && bits === null)) return null;
    const placed = starts.flatMap((state) => shapes.map((shape) => put(state, shape, bits, body.union)));
    const offsets = [...new Set(placed.map(({ offset }) => offset))];
    if (name !== null && bits === null) body.members.push({ name, type, offsets, conditional });
    else if (name === null && type.kind === "aggregate") {
      for (const inner of (await this.layout(type.aggregate, body.trail)).members) {
        const from = new Set(offsets.flatMap((at) => inner.offsets.map((offset) => at + offset)));
        body.members.push({ ...inner, offsets: [...from], conditional: conditional || inner.conditional });
      }
    }
    return merged(placed.map(({ state }) => state));
  }
}

type Member = Extract<AggregateItem, { kind: "member" }>;
type Choice = Extract<AggregateItem, { kind: "choice" }>;

/** A structure or union whose members are being placed. */
interface Body {
  readonly members: PlacedMember[];
  readonly union: boolean;
  readonly trail: Trail;
}

/** How far a structure is laid out. */
interface State {
  /** The first free bit; of a union always 0. */
  readonly bit: number;
  /** In bytes; of the largest member of a union. */
  readonly size: number;
  readonly align: number;
}

const START: State = { bit: 0, size: 0, align: 1 };

function merged(states: readonly State[]): State[] {
  return [...new Map(states.map((state) => [`${state.bit} ${state.size} ${state.align}`, state])).values()];
}

/** Puts a member behind what is laid out. A bit field takes the next bits, unless it would cross the border of a unit of its type. */
function put(
  state: State,
  { size, align }: Shape,
  bits: number | null,
  union: boolean,
): { readonly offset: number; readonly state: State } {
  const widest = Math.max(state.align, align);
  if (union) return { offset: 0, state: { bit: 0, size: Math.max(state.size, size), align: widest } };
  const unit = 8 * size;
  const crosses = bits !== null && (state.bit % unit) + bits > unit;
  const start = bits === null ? 8 * aligned(state.bit / 8, align) : crosses ? aligned(state.bit, unit) : state.bit;
  const bit = start + (bits ?? unit);
  return { offset: Math.floor(start / 8), state: { bit, size: Math.ceil(bit / 8), align: widest } };
}
