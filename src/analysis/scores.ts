import { EVIDENCE, type EvidenceId } from "../rules/evidence.ts";
import type { Evidence } from "../schema/analysis.ts";

interface Hit {
  readonly share: number;
  readonly text: string;
}

/** Texts of one rule that are told for a candidate. */
const TOLD_PER_RULE = 3;

/**
 * Collects evidence per commit. A rule that adds up counts every hit; one that does not counts the strongest in full and the others a
 * fifth, because the functions of one stack are found together. The root keeps many weak hits from outvoting everything else; it fitted
 * better than the sum on the measured cases.
 */
export class Scores {
  readonly #hits = new Map<EvidenceId, Map<number, Hit[]>>();

  /** @param share how much of the rule's weight this hit is worth; about 0 to 1 */
  add(num: number, rule: EvidenceId, share: number, text: string): void {
    let ofRule = this.#hits.get(rule);
    if (ofRule === undefined) {
      ofRule = new Map();
      this.#hits.set(rule, ofRule);
    }
    const hits = ofRule.get(num);
    if (hits === undefined) ofRule.set(num, [{ share, text }]);
    else hits.push({ share, text });
  }

  /** Commits that something speaks for or against. */
  nums(): Set<number> {
    const nums = new Set<number>();
    for (const ofRule of this.#hits.values()) for (const num of ofRule.keys()) nums.add(num);
    return nums;
  }

  /** The sum of one commit. */
  total(num: number): number {
    let total = 0;
    for (const [rule, value] of this.values(num)) total += EVIDENCE[rule].weight * value;
    return total;
  }

  /** The sum of each commit, by num. */
  totals(): Map<number, number> {
    const totals = new Map<number, number>();
    for (const [rule, ofRule] of this.#hits) {
      for (const [num, hits] of ofRule) totals.set(num, (totals.get(num) ?? 0) + EVIDENCE[rule].weight * ruleValue(rule, hits));
    }
    return totals;
  }

  /** The value of each rule for a commit, before its weight. */
  values(num: number): Map<EvidenceId, number> {
    const values = new Map<EvidenceId, number>();
    for (const [rule, ofRule] of this.#hits) {
      const hits = ofRule.get(num);
      if (hits !== undefined) values.set(rule, ruleValue(rule, hits));
    }
    return values;
  }

  /** What speaks for and against a commit, the weightiest first. The weights of a rule's hits add up to what it contributes. */
  evidence(num: number): Evidence[] {
    const evidence: Evidence[] = [];
    for (const [rule, ofRule] of this.#hits) {
      const hits = ofRule.get(num);
      if (hits === undefined) continue;
      const { id, weight } = EVIDENCE[rule];
      let shares = 0;
      for (const { share } of hits) shares += share;
      const scale = shares === 0 ? 0 : (weight * ruleValue(rule, hits)) / shares;
      const told = [...hits].sort((a, b) => b.share - a.share).slice(0, TOLD_PER_RULE);
      for (const { share, text } of told) {
        const rounded = Math.round(share * scale * 100) / 100;
        if (rounded !== 0) evidence.push({ rule: id, weight: rounded, text });
      }
    }
    return evidence.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  }
}

function ruleValue(rule: EvidenceId, hits: readonly Hit[]): number {
  let sum = 0;
  let best = 0;
  for (const { share } of hits) {
    sum += share;
    if (share > best) best = share;
  }
  const value = EVIDENCE[rule].addsUp ? sum : best + (sum - best) / 5;
  return Math.sqrt(value);
}
