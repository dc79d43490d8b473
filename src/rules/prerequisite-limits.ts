/**
 * Bounds of the search for prerequisites. A commit above the bulk limits (an import, a squashed release, a tree-wide rename) is named but
 * not tried: nobody takes it along with a fix. The stable rules of the kernel allow 100 lines with context per patch
 * (Documentation/process/stable-kernel-rules.rst); the limit here is wider, because vendors take series that stable would not.
 */
export const PREREQUISITE_LIMITS = {
  bulkFiles: 60,
  bulkLines: 3000,
  /** Suspects tried per commit, those nearest before the fix first. */
  suspects: 16,
  /** A prerequisite of a prerequisite of a prerequisite. */
  depth: 3,
  /** Merges per candidate, all trials together. */
  trials: 400,
  /** Suspects made to fit where none applies as it was written: each costs as much as a candidate. */
  adaptations: 4,
  /** Names of one analysis whose introducer git is asked for: 0.6 s each, seconds on a busy machine. */
  introducerSearches: 4,
} as const;
