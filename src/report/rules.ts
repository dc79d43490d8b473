import type { Rules } from "../schema/rules.ts";
import { page, plain, table } from "./markdown.ts";

export function renderRules({ rulesVersion, engineVersion, evidence, references, frames }: Rules): string {
  const lists = Object.entries(frames).flatMap(([name, functions]) => ["", `## Frames: ${name}`, "", plain(functions.join(" "))]);
  return page(
    `Rules ${rulesVersion}`,
    [["Engine", engineVersion]],
    "## Evidence",
    "",
    ...table(
      ["rule", "weight", "about"],
      evidence.map(({ id, weight, about }) => [id, String(weight), about]),
    ),
    "",
    "## References",
    "",
    ...table(
      ["convention", "kind", "sample"],
      references.map(({ id, kind, sample }) => [id, kind, sample]),
    ),
    ...lists,
  );
}
