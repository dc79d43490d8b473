import type { Kysely } from "kysely";
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
};
