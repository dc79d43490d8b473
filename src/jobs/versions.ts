import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { referenceReader } from "../history/references.ts";
import type { OwnConvention } from "../rules/own-conventions.ts";
import type { Versions } from "./parts.ts";

/** Folders whose code decides what an analysis answers, and in what form. */
const ENGINE = ["analysis", "crash", "git", "history", "patch", "schema", "source"];

/** The version in package.json. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
  return version;
}

function digest(root: string, folders: readonly string[]): string {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    for (const file of files.sort()) hash.update(`${folder}/${file}\0`).update(readFileSync(join(root, folder, file)));
  }
  return hash.digest("hex").slice(0, 12);
}

/**
 * The versions that every analysis pins. They are derived from the source itself, so that a changed rule or stage can never be answered
 * from an analysis made before the change.
 * @param root the src folder
 * @param conventions the user's own, which are rules too
 */
export function readVersions(root: string, packageVersion: string, conventions: readonly OwnConvention[] = []): Versions {
  const own = conventions.length === 0 ? "" : `+${referenceReader(conventions).digest}`;
  return { rulesVersion: `${digest(root, ["rules"])}${own}`, engineVersion: `${packageVersion}+${digest(root, ENGINE)}` };
}
