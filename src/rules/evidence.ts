/**
 * What speaks for or against a commit as the fix of a crash. The finders in analysis/ give each hit a share, by how much the frame or
 * word says and how rare it is; a rule's value for a commit is made of its shares (analysis/scores.ts), and the score is the sum of the
 * weights times the values.
 */
export interface EvidenceRule {
  readonly id: string;
  readonly family: "functions" | "words" | "places" | "names" | "failure" | "commit";
  readonly weight: number;
  /** Is it read from the message alone; the others are read from the change, or from both. */
  readonly ofMessage: boolean;
  /** Do all hits count in full, or the strongest in full and the others a fifth. */
  readonly addsUp: boolean;
  readonly about: string;
}

/**
 * The weights were fitted by the method of eval/rank-fit.ts, a linear softmax over the commits of each case's pool, on 294 crash texts and their fixes
 * from kernels 2.6.14 to 2.6.36; docs/ranking.md says how well they do on cases that they were not fitted on. Those of identifierChanged,
 * identifierNamed and fixesTarget are set by hand: these texts and messages are too old to have either.
 */
export const EVIDENCE = {
  functionModified: {
    id: "function-modified",
    family: "functions",
    weight: 0.19,
    ofMessage: false,
    addsUp: false,
    about: "the commit changes a function of the stack",
  },
  functionsFocused: {
    id: "functions-focused",
    family: "functions",
    weight: 1.66,
    ofMessage: false,
    addsUp: false,
    about: "much of what it changes are functions of the stack",
  },
  functionCalled: {
    id: "function-called",
    family: "functions",
    weight: 0.9,
    ofMessage: false,
    addsUp: false,
    about: "a changed line calls or names a function of the stack",
  },
  calleeModified: {
    id: "callee-modified",
    family: "functions",
    weight: 0.98,
    ofMessage: false,
    addsUp: false,
    about: "it changes a function that a function of the stack calls",
  },
  functionInSubject: {
    id: "function-in-subject",
    family: "functions",
    weight: 0.37,
    ofMessage: true,
    addsUp: false,
    about: "its subject names a function of the stack",
  },
  functionNamed: {
    id: "function-named",
    family: "functions",
    weight: 1.28,
    ofMessage: true,
    addsUp: false,
    about: "its message names a function of the stack",
  },
  traceQuoted: {
    id: "trace-quoted",
    family: "functions",
    weight: 2.44,
    ofMessage: true,
    addsUp: false,
    about: "its message quotes several functions of the stack",
  },
  sharedNames: {
    id: "shared-names",
    family: "functions",
    weight: 1.04,
    ofMessage: false,
    addsUp: true,
    about: "its subject, paths and changed lines hold functions of the stack",
  },
  sharedWords: {
    id: "shared-words",
    family: "words",
    weight: 1.32,
    ofMessage: false,
    addsUp: true,
    about: "its subject, paths, functions and changed lines share words with the report",
  },
  wordInFunction: {
    id: "word-in-function",
    family: "words",
    weight: 0.27,
    ofMessage: false,
    addsUp: false,
    about: "a function that it changes shares words with the names of the stack",
  },
  wordInSubject: {
    id: "word-in-subject",
    family: "words",
    weight: 0.39,
    ofMessage: true,
    addsUp: true,
    about: "its subject shares words with the names of the stack",
  },
  wordInBody: {
    id: "word-in-body",
    family: "words",
    weight: 1.42,
    ofMessage: true,
    addsUp: true,
    about: "its message shares words with the names of the stack",
  },
  subjectExplained: {
    id: "subject-explained",
    family: "words",
    weight: 0.8,
    ofMessage: true,
    addsUp: false,
    about: "the report explains much of its subject",
  },
  fileOfFrame: {
    id: "file-of-frame",
    family: "places",
    weight: 1.39,
    ofMessage: false,
    addsUp: true,
    about: "it changes files that define functions of the stack, and few others",
  },
  folderOfFrame: {
    id: "folder-of-frame",
    family: "places",
    weight: 0.62,
    ofMessage: false,
    addsUp: false,
    about: "it changes the folder of a function of the stack",
  },
  areaOfFrame: {
    id: "area-of-frame",
    family: "places",
    weight: 1.06,
    ofMessage: false,
    addsUp: false,
    about: "it changes files of the MAINTAINERS area of a function of the stack",
  },
  moduleTouched: {
    id: "module-touched",
    family: "places",
    weight: 1.91,
    ofMessage: false,
    addsUp: false,
    about: "it changes a file or folder that bears the name of a module of the stack",
  },
  subjectPlace: {
    id: "subject-place",
    family: "places",
    weight: 0.64,
    ofMessage: true,
    addsUp: false,
    about: "its subject begins with the folder or file of a function of the stack",
  },
  sameArch: {
    id: "same-arch",
    family: "places",
    weight: 0.72,
    ofMessage: false,
    addsUp: false,
    about: "it changes code of the processor of the report",
  },
  otherArch: {
    id: "other-arch",
    family: "places",
    weight: -1.04,
    ofMessage: false,
    addsUp: false,
    about: "it changes only code of another processor",
  },
  identifierChanged: {
    id: "identifier-changed",
    family: "names",
    weight: 2,
    ofMessage: false,
    addsUp: false,
    about: "a changed line holds a name that the report mentions",
  },
  identifierNamed: {
    id: "identifier-named",
    family: "names",
    weight: 1.5,
    ofMessage: true,
    addsUp: false,
    about: "its message names something that the report mentions",
  },
  lockChanged: {
    id: "lock-changed",
    family: "names",
    weight: 2.13,
    ofMessage: false,
    addsUp: false,
    about: "a changed line holds a lock of the report",
  },
  lockNamed: {
    id: "lock-named",
    family: "names",
    weight: 0.42,
    ofMessage: true,
    addsUp: false,
    about: "its message names a lock of the report",
  },
  sameNames: {
    id: "same-names",
    family: "names",
    weight: 0.06,
    ofMessage: false,
    addsUp: true,
    about: "its changed lines hold names that a function of the stack uses",
  },
  failureInSubject: {
    id: "failure-in-subject",
    family: "failure",
    weight: 1.47,
    ofMessage: true,
    addsUp: true,
    about: "its subject speaks of the same kind of failure",
  },
  failureInBody: {
    id: "failure-in-body",
    family: "failure",
    weight: 1.91,
    ofMessage: true,
    addsUp: true,
    about: "its message speaks of the same kind of failure",
  },
  failureCode: {
    id: "failure-code",
    family: "failure",
    weight: 0.28,
    ofMessage: false,
    addsUp: true,
    about: "its changed lines hold what fixes of this kind of failure use",
  },
  reportTold: {
    id: "report-told",
    family: "failure",
    weight: 1.55,
    ofMessage: true,
    addsUp: true,
    about: "its message tells who reported a failure, or from which trace",
  },
  fixWords: {
    id: "fix-words",
    family: "commit",
    weight: 0.64,
    ofMessage: true,
    addsUp: false,
    about: "its subject speaks of a fix",
  },
  cleanupWords: {
    id: "cleanup-words",
    family: "commit",
    weight: -1.13,
    ofMessage: true,
    addsUp: false,
    about: "its subject speaks of a cleanup, a rename or documentation",
  },
  fixesTarget: {
    id: "fixes-target",
    family: "commit",
    weight: 1,
    ofMessage: true,
    addsUp: false,
    about: "it fixes a commit that the target has",
  },
  largeChange: {
    id: "large-change",
    family: "commit",
    weight: -0.67,
    ofMessage: false,
    addsUp: false,
    about: "it changes many lines: each hit says less",
  },
  manyFiles: {
    id: "many-files",
    family: "commit",
    weight: -0.26,
    ofMessage: false,
    addsUp: false,
    about: "it changes many files: each hit says less",
  },
} as const satisfies Record<string, EvidenceRule>;

export type EvidenceId = keyof typeof EVIDENCE;

/** Rules that speak against a commit; the fit keeps their weights from growing above zero, and those of the others from falling below. */
export const AGAINST: ReadonlySet<EvidenceId> = new Set(["cleanupWords", "largeChange", "manyFiles", "otherArch"]);

/** Rules that read the message alone. */
export const MESSAGE_EVIDENCE: ReadonlySet<EvidenceId> = new Set(
  (Object.keys(EVIDENCE) as EvidenceId[]).filter((rule) => EVIDENCE[rule].ofMessage),
);

/**
 * A share only compares candidates with each other, and the fix may not be among them. So `high` also asks for evidence that ties the commit to
 * the stack or to a name of the report: alike words and folders alone are not enough.
 */
export const DIRECT_EVIDENCE: ReadonlySet<EvidenceId> = new Set([
  "functionModified",
  "functionInSubject",
  "functionNamed",
  "functionCalled",
  "traceQuoted",
  "calleeModified",
  "fileOfFrame",
  "identifierChanged",
  "identifierNamed",
  "lockChanged",
  "lockNamed",
]);
