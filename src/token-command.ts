import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeToken } from "./auth/token-text.ts";
import { readConfig } from "./config.ts";
import { Scope } from "./schema/access.ts";
import { type Db, openDatabase, prepareDirectory } from "./store/database.ts";
import { addToken, listTokens, revokeToken } from "./store/tokens.ts";

const USAGE = `usage: backportd token create --name NAME --scope read|analyze|admin
       backportd token list
       backportd token revoke ID
`;

export interface TokenCommandOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * Creates, lists and revokes tokens in the data directory, while the service runs or not; a running service knows at once.
 * @returns the exit code: 0 done, 1 refused, 2 wrong usage.
 */
export async function runTokenCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  output: TokenCommandOutput,
): Promise<number> {
  const command = readCommand(args);
  if (command === null) {
    output.err(USAGE);
    return 2;
  }
  const { data } = readConfig(environment);
  prepareDirectory(data);
  const db = await openDatabase(join(data, "state.sqlite"));
  try {
    return await command(db, output);
  } finally {
    await db.destroy();
  }
}

type Command = (db: Db, output: TokenCommandOutput) => Promise<number>;

function readCommand([verb, ...rest]: readonly string[]): Command | null {
  try {
    const options = { name: { type: "string" }, scope: { type: "string" } } as const;
    const { values, positionals } = parseArgs({ args: [...rest], options: verb === "create" ? options : {}, allowPositionals: true });
    const { name, scope } = values as { readonly name?: string; readonly scope?: string };
    const [id] = positionals;
    const granted = Scope.safeParse(scope);
    if (verb === "create" && name !== undefined && isName(name) && granted.success && id === undefined) return create(name, granted.data);
    if (verb === "list" && id === undefined) return list;
    if (verb === "revoke" && id !== undefined && positionals.length === 1) return revoke(id);
  } catch {
    // An option that is not known.
  }
  return null;
}

/** Names are shown in tables: one short line. */
const isName = (name: string) => /^[^\p{C}\p{Z}](?:[^\p{C}\p{Zl}\p{Zp}]{0,98}[^\p{C}\p{Z}])?$/u.test(name);

function create(name: string, scope: Scope): Command {
  return async (db, { out, err }) => {
    const { id, text, hash } = makeToken();
    await addToken(db, { id, name, scope, hash }, new Date().toISOString());
    // Alone on the one stream, for scripts.
    out(`${text}\n`);
    err(`This is token ${id} (${name}, ${scope}). It is shown this once: only its hash is kept.\n`);
    return 0;
  };
}

const list: Command = async (db, { out }) => {
  const rows = await listTokens(db);
  const lines = [["id", "scope", "created", "last used", "state", "name"]];
  for (const { id, scope, createdAt, lastUsedAt, revokedAt, name } of rows) {
    lines.push([id, scope, createdAt, lastUsedAt ?? "never", revokedAt === null ? "active" : `revoked ${revokedAt}`, name]);
  }
  for (const line of lines) out(`${line.join("\t")}\n`);
  return 0;
};

function revoke(id: string): Command {
  return async (db, { out, err }) => {
    if (await revokeToken(db, id, new Date().toISOString())) {
      out(`Token ${id} is revoked.\n`);
      return 0;
    }
    err(`There is no token ${id} to revoke; "backportd token list" shows them.\n`);
    return 1;
  };
}
