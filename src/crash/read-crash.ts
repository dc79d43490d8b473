import type { Signature } from "../schema/signature.ts";
import { describe } from "./describe.ts";
import { readReport } from "./report.ts";
import { startSegments } from "./segment.ts";
import { startSurvey } from "./survey.ts";
import { readLines } from "./transport.ts";

/**
 * Reads a crash text: strips what transported it, splits it into reports, classifies each and reads its stacks, and describes the first,
 * which is nearest to the root of a chain. Takes text of any origin and length in linear time and never throws; a text in which nothing
 * is a crash gives kind `log_message` or `unknown`, confidence `low` and no frames.
 */
export function readCrash(text: string): Signature {
  const segmenter = startSegments();
  const survey = startSurvey();
  for (const line of readLines(text)) {
    survey.add(line);
    if (!segmenter.add(line)) break;
  }
  return describe(segmenter.segments.map(readReport), survey.lines);
}
