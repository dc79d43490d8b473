import type { Matrix, MatrixCell, MatrixRow } from "../schema/matrix.ts";
import { page, plain, SHORT, table } from "./markdown.ts";

const cellText = ({ presence, applicability }: MatrixCell): string => (applicability === null ? presence : `${presence}, ${applicability}`);

const nameOf = ({ id, oid, upstreamOid }: MatrixRow): string => (upstreamOid ?? oid ?? id).slice(0, SHORT);

/** Fixes down, trees across. */
export function renderMatrix({ trees, rows }: Matrix): string {
  const head = ["fix", ...trees.map(({ id }) => id), "subject"];
  const lines = rows.map((row) => [nameOf(row), ...row.cells.map(cellText), row.subject ?? "not known"]);
  const unknown = trees.flatMap(({ id, problem }) => (problem === null ? [] : [`- ${id}: ${plain(problem.detail)}`]));
  return page("Fixes by trees", [], ...table(head, lines), ...(unknown.length === 0 ? [] : ["", ...unknown]));
}

/** RFC 4180: one line for each fix, and for each tree a column for presence and one for applicability. */
export function renderMatrixCsv({ trees, rows }: Matrix): string {
  const head = ["commit", "upstream", "subject", ...trees.flatMap(({ id }) => [`${id} presence`, `${id} applicability`])];
  const lines = rows.map((row) => [
    row.oid ?? row.id,
    row.upstreamOid ?? "",
    row.subject ?? "",
    ...row.cells.flatMap(({ presence, applicability }) => [presence, applicability ?? ""]),
  ]);
  return [head, ...lines].map((line) => `${line.map(field).join(",")}\r\n`).join("");
}

/** A spreadsheet would take a text that begins like this for a formula; subjects are written by anybody. */
const FORMULA = /^[=+\-@]/;

function field(text: string): string {
  const safe = plain(text);
  return `"${(FORMULA.test(safe) ? `'${safe}` : safe).replaceAll('"', '""')}"`;
}
