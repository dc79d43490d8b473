import { ApiProblem } from "../problems.ts";

interface Range {
  readonly type: string;
  /** 0 to 1; NaN when it is no number, which no offer wins. */
  readonly quality: number;
}

function parseAccept(header: string): Range[] {
  const ranges: Range[] = [];
  for (const item of header.split(",")) {
    const [type = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith("q="));
    if (type !== "") ranges.push({ type, quality: quality === undefined ? 1 : Number(quality.slice(2)) });
  }
  return ranges;
}

/** Quality of an offered type under the most specific range that covers it (RFC 9110 section 12.5.1); 0 when none does. */
function qualityOf(offer: string, ranges: readonly Range[]): number {
  for (const covering of [offer, `${offer.split("/")[0]}/*`, "*/*"]) {
    const range = ranges.find(({ type }) => type === covering);
    if (range !== undefined) return range.quality;
  }
  return 0;
}

/**
 * Chooses among the media types that a route offers, the first one preferred.
 * @throws ApiProblem not-acceptable
 */
export function negotiate<T extends string>(accept: string | undefined, offers: readonly [T, ...T[]]): T {
  if (accept === undefined || accept.trim() === "") return offers[0];
  const ranges = parseAccept(accept);
  let best: T | null = null;
  let bestQuality = 0;
  for (const offer of offers) {
    const quality = qualityOf(offer, ranges);
    if (quality > bestQuality) [best, bestQuality] = [offer, quality];
  }
  if (best !== null) return best;
  throw new ApiProblem("not-acceptable", `The Accept header allows none of: ${offers.join(", ")}. Ask for one of these.`);
}
