import { z } from "zod";
import { DEFINING_MACROS } from "../rules/c-annotations.ts";
import { symbolsOf } from "./c-parser.ts";
import type { CSymbol, SymbolKind } from "./c-symbols.ts";
import { isBusy, type SourceDatabase } from "./index-file.ts";
import type { Definition, SourceRepository } from "./source-index.ts";
import type { IndexedFile, TreeReads } from "./tree-reads.ts";

const StoredSymbols = z.array(z.tuple([z.string(), z.string(), z.number(), z.string().nullable()]));

export interface SymbolReads {
  readonly definitions: (tree: string, name: string, kinds?: readonly SymbolKind[]) => Promise<Definition[] | null>;
}

export function symbolReads(db: SourceDatabase, repo: SourceRepository, trees: TreeReads): SymbolReads {
  const selectSymbols = db.prepare("SELECT symbols FROM symbols WHERE blob = ?").pluck();
  const selectOid = db.prepare("SELECT lower(hex(oid)) FROM blobs WHERE num = ?").pluck();
  const insertSymbols = db.prepare("INSERT OR IGNORE INTO symbols VALUES (?, ?)");

  /** Of a blob that was parsed before; null when it was not. */
  function stored(blob: number): CSymbol[] | null {
    const text = selectSymbols.get(blob);
    if (text === undefined) return null;
    return StoredSymbols.parse(JSON.parse(String(text))).map(([kind, name, line, of]) => ({ kind: kind as SymbolKind, name, line, of }));
  }

  function store(blob: number, symbols: readonly CSymbol[]): void {
    try {
      insertSymbols.run(blob, JSON.stringify(symbols.map(({ kind, name, line, of }) => [kind, name, line, of])));
    } catch (error) {
      // A tree is being added. The next reader of this blob parses it once more.
      if (!isBusy(error)) throw error;
    }
  }

  /** Files that may define the name, or the word which a macro turns into it. */
  function candidates(tree: string, name: string): IndexedFile[] | null {
    const files = trees.definers(tree, name);
    if (files === null) return null;
    const paths = new Set(files.map((file) => file.path));
    for (const { prefix, macros } of DEFINING_MACROS) {
      if (!name.startsWith(prefix)) continue;
      const calling = new Set(macros.flatMap((macro) => trees.filesWith(tree, macro) ?? []));
      const named = trees.definers(tree, name.slice(prefix.length)) ?? [];
      files.push(...named.filter(({ path }) => calling.has(path) && !paths.has(path)));
    }
    return files;
  }

  /** Parses a blob that was not parsed before, unless its text shows at once that it holds nothing wanted. */
  async function symbolsIn({ path, blob }: IndexedFile, wanted: RegExp): Promise<readonly CSymbol[]> {
    const known = stored(blob);
    if (known !== null) return known;
    const text = (await repo.blob(String(selectOid.get(blob))))?.toString("latin1");
    if (text === undefined || !wanted.test(text)) return [];
    const symbols = await symbolsOf(path, text);
    store(blob, symbols);
    return symbols;
  }

  async function definitions(tree: string, name: string, kinds?: readonly SymbolKind[]): Promise<Definition[] | null> {
    if (!/^\w+$/.test(name)) return [];
    const files = candidates(tree, name);
    if (files === null) return null;
    const wanted = kinds?.every((kind) => kind === "function") ? functionNamed(name) : /(?:)/;
    const found: Definition[] = [];
    for (const file of files) {
      for (const symbol of await symbolsIn(file, wanted)) {
        if (symbol.name === name && (kinds === undefined || kinds.includes(symbol.kind))) found.push({ ...symbol, path: file.path });
      }
    }
    return found;
  }

  return { definitions };
}

/** A line at column 0 that may open the function, or the macro call that does. */
function functionNamed(name: string): RegExp {
  const shorter = DEFINING_MACROS.filter(({ prefix }) => name.startsWith(prefix)).map(({ prefix }) => name.slice(prefix.length));
  return new RegExp(`^\\w.*\\b(?:${[name, ...shorter].join("|")})\\s*[(,)]|^${name}\\b`, "m");
}
