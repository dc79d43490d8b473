/** When ranked commits belong together. Set by hand. */
export const GROUPING = {
  /** Commits of one author that came into a tree within so many seconds are taken for one series. */
  seriesSeconds: 3600,
  /** Commits work on the same code that change so many functions in common, and this share of the smaller one. */
  commonFunctions: 2,
  commonShare: 0.5,
  /** Among so many commits the conditions of CONFIDENCE were measured. */
  commits: 400,
  /** How many of the first fixes are put into groups; each of those behind is a group of its own. */
  fixes: 60,
  /** A commit whose score is so much below the best of its group leads it too: a third of its chance. */
  closeScore: 1.1,
} as const;

/**
 * Turns the share of a group in exp(score) into the probability that its best commit is the fix. Fitted by the method of eval/rank-fit.ts on shares that
 * each case got from weights fitted on the other cases.
 */
export const CONFIDENCE_MODEL = { intercept: -0.29, slope: 0.67 } as const;

/**
 * `high`: a bot may act without a person. The group has this share, and leads the best of every other group by so much: e to the 3.25 is 26, so
 * nothing else has a twenty-fifth of its chance. A share alone says less, since many neighbours that are each unlikely make it small.
 * docs/ranking.md says how often it was right on cases that the weights were not fitted on, and how often it was said where the pool held no
 * fix. `medium`: from this probability on a person should look; when all are below, there is no candidate.
 */
export const CONFIDENCE = { high: { share: 0.8, lead: 3.25 }, medium: 0.25 } as const;
