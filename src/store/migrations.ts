import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** In the order of their names. A published migration never changes; a new need is a new entry. */
export const migrations: Record<string, Migration> = {
  "001-initial": {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable("trees")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("role", "text", (column) => column.notNull())
        .addColumn("remote", "text", (column) => column.notNull())
        .addColumn("ref", "text", (column) => column.notNull())
        .addColumn("head_oid", "text")
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("generation", "integer", (column) => column.notNull())
        .addColumn("progress", "text")
        .addColumn("problem", "text")
        .addColumn("fetched_at", "text")
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("updated_at", "text", (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("fetches")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("tree", "text", (column) => column.notNull().references("trees.id").onDelete("cascade"))
        .addColumn("status", "text", (column) => column.notNull())
        .addColumn("conclusion", "text")
        .addColumn("progress", "text")
        .addColumn("problem", "text")
        .addColumn("head_before", "text")
        .addColumn("head_after", "text")
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("completed_at", "text")
        .execute();
      await db.schema.createIndex("fetches_tree").on("fetches").columns(["tree", "created_at"]).execute();
      await db.schema
        .createTable("analyses")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("status", "text", (column) => column.notNull())
        .addColumn("conclusion", "text")
        .addColumn("verdict", "text")
        .addColumn("target_tree", "text", (column) => column.notNull())
        .addColumn("target", "text", (column) => column.notNull())
        .addColumn("upstreams", "text", (column) => column.notNull())
        .addColumn("options", "text", (column) => column.notNull())
        .addColumn("question", "text", (column) => column.notNull())
        .addColumn("rules_version", "text", (column) => column.notNull())
        .addColumn("engine_version", "text", (column) => column.notNull())
        .addColumn("progress", "text")
        .addColumn("problem", "text")
        .addColumn("result", "text")
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("completed_at", "text")
        .execute();
      await db.schema.createIndex("analyses_created").on("analyses").columns(["created_at", "id"]).execute();
      await db.schema.createIndex("analyses_status").on("analyses").column("status").execute();
      await db.schema
        .createTable("events")
        .addColumn("seq", "integer", (column) => column.primaryKey().autoIncrement())
        .addColumn("resource", "text", (column) => column.notNull())
        .addColumn("type", "text", (column) => column.notNull())
        .addColumn("data", "text", (column) => column.notNull())
        .addColumn("at", "text", (column) => column.notNull())
        .execute();
      await db.schema.createIndex("events_resource").on("events").columns(["resource", "seq"]).execute();
    },
  },
  "002-crashes": {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable("crashes")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("fingerprint", "text", (column) => column.notNull())
        .addColumn("kind", "text", (column) => column.notNull())
        .addColumn("title", "text", (column) => column.notNull())
        .addColumn("source", "text")
        .addColumn("bytes", "integer", (column) => column.notNull())
        .addColumn("read_by", "text", (column) => column.notNull())
        .addColumn("created_at", "text", (column) => column.notNull())
        .execute();
      await db.schema.createIndex("crashes_created").on("crashes").columns(["created_at", "id"]).execute();
      await db.schema.createIndex("crashes_fingerprint").on("crashes").columns(["fingerprint", "created_at", "id"]).execute();
      // Apart from their rows, which lists read in numbers.
      await db.schema
        .createTable("crash_texts")
        .addColumn("id", "text", (column) => column.primaryKey().references("crashes.id").onDelete("cascade"))
        .addColumn("text", "blob", (column) => column.notNull())
        .addColumn("signature", "blob", (column) => column.notNull())
        .execute();
    },
  },
  "003-tokens-and-webhooks": {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable("tokens")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("scope", "text", (column) => column.notNull())
        .addColumn("hash", "text", (column) => column.notNull())
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("last_used_at", "text")
        .addColumn("revoked_at", "text")
        .execute();
      await db.schema
        .createTable("webhooks")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("endpoint", "text", (column) => column.notNull())
        .addColumn("events", "text", (column) => column.notNull())
        .addColumn("description", "text")
        .addColumn("secret", "text", (column) => column.notNull())
        .addColumn("idempotency_key", "text", (column) => column.notNull().unique())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("reason", "text")
        .addColumn("created_at", "text", (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("deliveries")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("webhook", "text", (column) => column.notNull().references("webhooks.id").onDelete("cascade"))
        .addColumn("type", "text", (column) => column.notNull())
        .addColumn("payload", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("attempts", "integer", (column) => column.notNull())
        .addColumn("next_attempt_at", "text")
        .addColumn("last_status", "integer")
        .addColumn("last_error", "text")
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("completed_at", "text")
        .execute();
      await db.schema.createIndex("deliveries_due").on("deliveries").columns(["state", "next_attempt_at"]).execute();
      await db.schema.createIndex("deliveries_webhook").on("deliveries").columns(["webhook", "created_at", "id"]).execute();
    },
  },
  "003-queue": {
    async up(db: Kysely<unknown>) {
      await db.schema
        .alterTable("analyses")
        .addColumn("caller", "text", (column) => column.notNull().defaultTo(""))
        .execute();
      await db.schema
        .alterTable("analyses")
        .addColumn("priority", "integer", (column) => column.notNull().defaultTo(0))
        .execute();
      for (const table of ["analyses", "fetches", "crashes"] as const) {
        await db.schema
          .alterTable(table)
          .addColumn("updated_at", "text", (column) => column.notNull().defaultTo(""))
          .execute();
        await db.schema.createIndex(`${table}_updated`).on(table).column("updated_at").execute();
      }
      await sql`update analyses set updated_at = coalesce(completed_at, created_at)`.execute(db);
      await sql`update fetches set updated_at = coalesce(completed_at, created_at)`.execute(db);
      await sql`update crashes set updated_at = created_at`.execute(db);
    },
  },
  "004-batches": {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable("batches")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("status", "text", (column) => column.notNull())
        .addColumn("conclusion", "text")
        .addColumn("caller", "text", (column) => column.notNull())
        .addColumn("total", "integer", (column) => column.notNull())
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("updated_at", "text", (column) => column.notNull())
        .addColumn("completed_at", "text")
        .execute();
      await db.schema.createIndex("batches_created").on("batches").columns(["created_at", "id"]).execute();
      await db.schema
        .createTable("batch_items")
        .addColumn("batch", "text", (column) => column.notNull().references("batches.id").onDelete("cascade"))
        .addColumn("position", "integer", (column) => column.notNull())
        // The question and its pins; null when it is not needed any more.
        .addColumn("question", "text")
        .addColumn("analysis", "text")
        .addColumn("problem", "text")
        .addPrimaryKeyConstraint("batch_items_key", ["batch", "position"])
        .execute();
    },
  },
  "005-plans": {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable("plans")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("status", "text", (column) => column.notNull())
        .addColumn("conclusion", "text")
        .addColumn("applies", "integer")
        .addColumn("target_tree", "text", (column) => column.notNull())
        .addColumn("target", "text", (column) => column.notNull())
        .addColumn("upstreams", "text", (column) => column.notNull())
        .addColumn("commits", "text", (column) => column.notNull())
        .addColumn("options", "text", (column) => column.notNull())
        .addColumn("rules_version", "text", (column) => column.notNull())
        .addColumn("engine_version", "text", (column) => column.notNull())
        .addColumn("progress", "text")
        .addColumn("problem", "text")
        .addColumn("result", "text")
        .addColumn("mails", "blob")
        .addColumn("caller", "text", (column) => column.notNull())
        .addColumn("priority", "integer", (column) => column.notNull())
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("updated_at", "text", (column) => column.notNull())
        .addColumn("completed_at", "text")
        .execute();
      await db.schema.createIndex("plans_created").on("plans").columns(["created_at", "id"]).execute();
      await db.schema.createIndex("plans_status").on("plans").column("status").execute();
    },
  },
  "006-retention": {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable("marks")
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("value", "text", (column) => column.notNull())
        .execute();
      // An analysis stays as long as a batch that asked for it.
      await db.schema.createIndex("batch_items_analysis").on("batch_items").column("analysis").execute();
    },
  },
};
