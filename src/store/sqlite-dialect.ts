import type SQLite from "better-sqlite3";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { LRUCache } from "lru-cache";
import type { Flusher } from "./flush.ts";

/** What all who use a state share: its one connection, and whose turn it is on it. */
export interface SharedState {
  readonly sqlite: SQLite.Database;
  readonly turns: Turns;
  readonly statements: LRUCache<string, SQLite.Statement>;
}

/** Statements that are kept prepared; lists with filters make the most of them. */
const KEPT_STATEMENTS = 300;
const KEPT_KINDS: ReadonlySet<string> = new Set(["SelectQueryNode", "InsertQueryNode", "UpdateQueryNode", "DeleteQueryNode"]);

export function shareState(sqlite: SQLite.Database): SharedState {
  return { sqlite, turns: new Turns(), statements: new LRUCache({ max: KEPT_STATEMENTS }) };
}

/**
 * SQLite as Kysely speaks it, with three differences to the dialect that Kysely brings along: statements stay prepared; what is written
 * counts as written only when it is flushed, during which others have the connection; and an error of a full disk is not hidden.
 */
export class StateDialect implements Dialect {
  readonly #state: SharedState;
  readonly #flusher: Flusher;

  constructor(state: SharedState, flusher: Flusher) {
    this.#state = state;
    this.#flusher = flusher;
  }

  createDriver(): Driver {
    return new StateDriver(this.#state, this.#flusher);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new StateAdapter();
  }

  createIntrospector(...[db]: ConstructorParameters<typeof SqliteIntrospector>): SqliteIntrospector {
    return new SqliteIntrospector(db);
  }
}

/** The turns are ours: Kysely would keep the connection until a transaction is flushed. */
class StateAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class StateDriver implements Driver {
  readonly #state: SharedState;
  readonly #flusher: Flusher;

  constructor(state: SharedState, flusher: Flusher) {
    this.#state = state;
    this.#flusher = flusher;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<StateConnection> {
    return new StateConnection(this.#state, this.#flusher);
  }

  beginTransaction(connection: StateConnection): Promise<void> {
    return connection.begin();
  }

  commitTransaction(connection: StateConnection): Promise<void> {
    return connection.commit();
  }

  rollbackTransaction(connection: StateConnection): Promise<void> {
    return connection.rollback();
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#flusher.close();
    this.#state.sqlite.close();
  }
}

/** Has the database for the time of one statement, or of one transaction. */
class StateConnection implements DatabaseConnection {
  readonly #state: SharedState;
  readonly #flusher: Flusher;
  #inTransaction = false;

  constructor(state: SharedState, flusher: Flusher) {
    this.#state = state;
    this.#flusher = flusher;
  }

  async begin(): Promise<void> {
    await this.#state.turns.take();
    try {
      this.#state.sqlite.exec("begin");
      this.#inTransaction = true;
    } catch (error) {
      this.#state.turns.give();
      throw error;
    }
  }

  async commit(): Promise<void> {
    this.#state.sqlite.exec("commit");
    this.#end();
    await this.#flusher.flush();
  }

  async rollback(): Promise<void> {
    // It was committed, and the flush failed.
    if (!this.#inTransaction) return;
    try {
      // On a full disk SQLite has rolled back by itself; to ask again would fail, and tell of that instead of the disk.
      if (this.#state.sqlite.inTransaction) this.#state.sqlite.exec("rollback");
    } finally {
      this.#end();
    }
  }

  #end(): void {
    this.#inTransaction = false;
    this.#state.turns.give();
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#inTransaction) return this.#run(this.#prepare(query), query.parameters);
    await this.#state.turns.take();
    let result: QueryResult<R>;
    let statement: SQLite.Statement;
    try {
      statement = this.#prepare(query);
      result = this.#run(statement, query.parameters);
    } finally {
      this.#state.turns.give();
    }
    if (!statement.readonly) await this.#flusher.flush();
    return result;
  }

  #prepare({ sql, query }: CompiledQuery): SQLite.Statement {
    const { sqlite, statements } = this.#state;
    if (!KEPT_KINDS.has(query.kind)) {
      // It may change what a statement that was prepared before would answer.
      statements.clear();
      return sqlite.prepare(sql);
    }
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const prepared = sqlite.prepare(sql);
    statements.set(sql, prepared);
    return prepared;
  }

  #run<R>(statement: SQLite.Statement, parameters: readonly unknown[]): QueryResult<R> {
    // The form of the rows is what the query was built for.
    if (statement.reader) return { rows: statement.all(parameters) as R[] };
    const { changes, lastInsertRowid } = statement.run(parameters);
    return { rows: [], insertId: BigInt(lastInsertRowid), numAffectedRows: BigInt(changes) };
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }
}

/** One after the other, in the order in which they came. */
class Turns {
  #taken = false;
  readonly #waiting: (() => void)[] = [];

  async take(): Promise<void> {
    if (this.#taken) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#taken = true;
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken = false;
    else next();
  }
}
