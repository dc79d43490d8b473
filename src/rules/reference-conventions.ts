/**
 * How a commit message names other commits: one row for each convention. To teach the service a convention, add a row; its sample is
 * its test. Sources: the kernel's stable rules and submitting-patches pages, git-cherry-pick(1), and the commit messages of the trees
 * named in each row.
 */

/**
 * `backport_of`: this commit carries that one. `port_of`: it carries a change of another repository. `prerequisite_of`: it was taken
 * because that one needs it. `prerequisite`: that one must come first. `fixes`: that one brought the defect in. `reverts`: this undoes
 * that one. `mention`: named in prose or in a link, without any claim.
 */
export type ReferenceKind = "backport_of" | "prerequisite_of" | "prerequisite" | "fixes" | "reverts" | "port_of" | "mention";

export interface ReferenceConvention {
  readonly id: string;
  readonly kind: ReferenceKind;
  /** Matched against one line, perhaps several times; the first group is the id. Linear time: no two neighbouring parts can match the same text. */
  readonly pattern: RegExp;
  /** What the line directly above must be, for references that are broken over two lines. */
  readonly previous?: RegExp;
  /** A line that must stand somewhere above, for forms that mean something only in their tree. */
  readonly above?: RegExp;
  /** The line must be a paragraph of its own, or stand among tags; prose often breaks a line before or after a commit's id. */
  readonly alone?: boolean;
  /** Counts in indented lines too: trees that indent everything. */
  readonly indented?: boolean;
  /** A message that holds it. */
  readonly sample: string;
}

export interface Reference {
  readonly kind: ReferenceKind;
  /** As written, lower case, 7 to 40 digits. */
  readonly id: string;
  /** The line, without the blanks around it. */
  readonly text: string;
  /** Id of the convention. */
  readonly convention: string;
}

const X = "1234567890abcdef1234567890abcdef12345678";

/** In order of precedence: an id on a line is read by the first row that matches it. */
export const REFERENCE_CONVENTIONS: readonly ReferenceConvention[] = [
  {
    id: "stable-bracket",
    kind: "backport_of",
    pattern: /^\s*\[\s*upstream\s+commit(?:\s*[:\]])?\s*([0-9a-f]{7,40})\b/gi,
    sample: `subject\n\n[ Upstream commit ${X} ]`,
  },
  {
    id: "stable-line",
    kind: "backport_of",
    pattern: /^\s*(?:commit\s+)+([0-9a-f]{7,40})\s*,?\s*upstream\b/gi,
    sample: `subject\n\ncommit ${X} upstream.`,
  },
  {
    id: "stable-bracket-line",
    kind: "backport_of",
    pattern: /^\s*\[\s*commit\s+([0-9a-f]{7,40})\s+upstream\s*\]/gi,
    sample: `subject\n\n[ commit ${X} upstream ]`,
  },
  {
    id: "cherry-pick",
    kind: "backport_of",
    pattern: /\(cherry[- ]?picked from (?:(?:[\w./-]+\s+){0,3}commit\s+)?([0-9a-f]{7,40})\b/gi,
    sample: `subject\n\n(cherry picked from commit ${X} linux-next)`,
  },
  {
    id: "cherry-pick-from",
    kind: "backport_of",
    pattern: /^cherry[- ]?pick(?:ed)? from:?\s+(?:https?:\/\/\S*\/commit\/|commit\s+)?([0-9a-f]{7,40})\b/gi,
    sample: `subject\n\nCherry pick from: https://example.org/kernel/commit/${X}`,
  },
  {
    id: "ubuntu-backported",
    kind: "backport_of",
    pattern: /\(back-?ported from (?:(?:[\w./-]+\s+){0,3}commit\s+)?([0-9a-f]{7,40})\b/gi,
    sample: `UBUNTU: subject\n\n(backported from commit ${X} upstream)`,
  },
  {
    id: "tencent-upstream",
    kind: "backport_of",
    pattern: /^\s*upstream(?:[- ]commit)?(?:[- ]id)?\s*[:：]\s*([0-9a-f]{7,40})\b/gi,
    sample: `subject\n\nupstream commit：${X}`,
  },
  {
    id: "upstream-above",
    kind: "backport_of",
    pattern: /^\s*(?:commit\s+)?([0-9a-f]{7,40})\b/gi,
    previous: /^\s*upstream[- ]commit(?:[- ]id)?\s*[:：]\s*$/i,
    sample: `subject\n\nUpstream commit id:\n${X}`,
  },
  {
    id: "backport-above",
    kind: "backport_of",
    pattern: /^\s*(?:commit\s+)?([0-9a-f]{7,40})\b/gi,
    previous: /^\s*(?:this is a )?back-?port(?:ed)? (?:of|from)\b.*(?:\bcommit|[:：])\s*$/i,
    sample: `subject\n\nThis is a backport of mainline commit\n${X}.`,
  },
  {
    id: "tencent-commit",
    kind: "backport_of",
    pattern: /^\s*\[?commit\]?\s*[:：]\s*([0-9a-f]{12,40})\s*$/gi,
    alone: true,
    sample: `subject\n\ncommit:${X}`,
  },
  {
    id: "intel-sig",
    kind: "backport_of",
    pattern: /^Intel-SIG:\s*commit\s+([0-9a-f]{7,40})\b/gi,
    sample: `subject\n\nIntel-SIG: commit 1234567890ab x86: a subject.`,
  },
  {
    id: "suse-header",
    kind: "backport_of",
    pattern: /^(?:Git-commit|Alt-commit):\s*([0-9a-f]{7,40})\b/gi,
    alone: true,
    sample: `From: A\nGit-commit: ${X}\nPatch-mainline: v4.8-rc1`,
  },
  {
    id: "debian-origin",
    kind: "backport_of",
    pattern: /^Origin:[^/]*\/\/[^\s]*?(?:linus\/|id=|commit\/)([0-9a-f]{7,40})\b/gi,
    sample: `Origin: backport, https://git.kernel.org/linus/${X}`,
  },
  {
    id: "euler-inclusion",
    kind: "backport_of",
    pattern: /^\s*commit ([0-9a-f]{7,40})\s*$/gi,
    above: /^\S+ inclusion\s*$/i,
    sample: `subject\n\nmainline inclusion\nfrom mainline-v6.7-rc1\ncommit ${X}\ncategory: bugfix`,
  },
  {
    id: "ciq",
    kind: "backport_of",
    pattern: /^\s*commit ([0-9a-f]{40})\b/gi,
    above: /^\s*(?:jira|cve) \S/i,
    indented: true,
    sample: `subject\n\n    jira ABC-1\n    cve CVE-2024-1\n    commit-author A <a@b>\n    commit ${X}`,
  },
  {
    id: "rhel",
    kind: "backport_of",
    pattern: /^\s*commit ([0-9a-f]{40})(?: \([^)]*\))?\s*$/gi,
    above: /^(?:bugzilla|jira|bz|upstream[- ]status|y-commit|cve)\s*:/i,
    sample: `subject\n\nJIRA: https://issues.example/1\nUpstream Status: kernel/git/torvalds/linux.git\n\ncommit ${X}\nAuthor: A <a@b>`,
  },
  {
    id: "bare-commit",
    kind: "backport_of",
    pattern: /^commit ([0-9a-f]{40})\.?$/gi,
    alone: true,
    sample: `subject\n\ncommit ${X}\n\nbody`,
  },
  {
    id: "stable-dep-of",
    kind: "prerequisite_of",
    pattern: /^Stable-dep-of:\s*([0-9a-f]{7,40})\b/gi,
    sample: `subject\n\nStable-dep-of: 1234567890ab ("another subject")`,
  },
  {
    id: "cc-stable",
    kind: "prerequisite",
    pattern: /^Cc:[^#@]*stable@[^#]*#\s*(?:[v\d][\w.+-]*:?\s+)?([0-9a-f]{7,40})\b/gi,
    sample: "subject\n\nCc: <stable@vger.kernel.org> # 3.3.x: a1f84a3: sched: check for idle",
  },
  {
    id: "depends-on",
    kind: "prerequisite",
    pattern: /^Depends-on:\s*(?:commit\s+)?([0-9a-f]{7,40})\b/gi,
    sample: `subject\n\nDepends-on: 1234567890ab ("a subject")`,
  },
  {
    id: "base-commit",
    kind: "prerequisite",
    pattern: /^base-commit:\s*([0-9a-f]{40})\b/gi,
    sample: `subject\n\nbase-commit: ${X}`,
  },
  {
    id: "fixes",
    kind: "fixes",
    pattern: /^Fixes:\s*\(?["']?(?:commit\s+)?([0-9a-f]{7,40})\b/gi,
    sample: `subject\n\nFixes: 1234567890ab ("a subject")`,
  },
  {
    id: "reverts",
    kind: "reverts",
    pattern: /^This (?:patch |commit )?reverts (?:stable )?(?:commit )?([0-9a-f]{7,40})\b/gi,
    sample: `Revert "a subject"\n\nThis reverts commit ${X}.`,
  },
  {
    id: "port",
    kind: "port_of",
    pattern: /^(?:OpenZFS|illumos)-commit:\s*(?:https?:\/\/\S*\/)?([0-9a-f]{7,40})\b/gi,
    sample: "subject\n\nOpenZFS-commit: https://github.com/openzfs/openzfs/commit/1234567890",
  },
  {
    id: "acpica",
    kind: "port_of",
    pattern: /^ACPICA commit ([0-9a-f]{7,40})\b/gi,
    sample: `ACPICA: subject\n\nACPICA commit ${X}`,
  },
  {
    id: "url",
    kind: "mention",
    // An id= of another page than a commit's is that of a bug report.
    pattern: /(?:\/commit\/[^\s?]*\?(?:[^\s?]*&)?id=|;h=|\/linus\/|\/commit\/|\/c\/)([0-9a-f]{7,40})\b/gi,
    sample: `subject\n\nLink: https://github.com/torvalds/linux/commit/${X}`,
  },
  {
    id: "repository-at",
    kind: "mention",
    pattern: /(?<![\w./-])[\w.-]{1,100}\/[\w.-]{1,100}@([0-9a-f]{7,40})\b/gi,
    sample: `subject\n\nillumos/illumos-gate@${X}`,
  },
  {
    id: "prose",
    kind: "mention",
    pattern: /\bcommits?(?: id)?:?\s+\(?([0-9a-f]{7,40})\b/gi,
    sample: `subject\n\nThe check was lost in commit 1234567890ab ("a subject").`,
  },
  {
    id: "prose-above",
    kind: "mention",
    pattern: /^\s*([0-9a-f]{7,40})\b/gi,
    previous: /\bcommits?\s*$/i,
    sample: "subject\n\nThe check was lost in commit\n1234567890ab.",
  },
  {
    id: "titled",
    kind: "mention",
    pattern: /(?<![\w/.=-])(?=\d*[a-f])([0-9a-f]{7,40}) \(["']/gi,
    sample: `subject\n\nThis is similar to 1234567890ab ("another subject").`,
  },
  {
    id: "full-id",
    kind: "mention",
    pattern: /(?<![\w/.=:@-])([0-9a-f]{40})(?![\w@-])/gi,
    sample: `subject\n\nFix over ${X} (there was a case left).`,
  },
  {
    id: "short-id",
    kind: "mention",
    pattern:
      /\b(?:after|and|before|by|for|from|in|of|over|prior|reverts|see|since|than|the|to|with) #?(?!0000|ffff)(?=\d*[a-f])(?=[a-f]*\d)([0-9a-f]{7,40})(?![\w:/-])/gi,
    sample: "subject\n\nThis was recently broken in 1234abc.",
  },
  {
    id: "id-commit",
    kind: "mention",
    pattern: /(?<![\w/.=-])(?=\d*[a-f])(?=[a-f]*\d)([0-9a-f]{7,40}) commit\b/gi,
    sample: "subject\n\n1234abc commit broke the build.",
  },
];
