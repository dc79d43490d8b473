/**
 * What speaks for or against a commit as the fix of a crash. The finders in analysis/ give each hit a share, by how much the frame or
 * word says and how rare it is; a rule's value for a commit is made of its shares (analysis/scores.ts), and the score is the sum of the
 * weights times the values.
 */
export interface EvidenceRule {
  readonly id: string;
  readonly family: "functions" | "words" | "places" | "names" | "failure" | "commit";
  readonly weight: number;
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
  functionsFocused: {
    id: "functions-focused",
    family: "functions",
    weight: 1.84,
    addsUp: false,
    about: "it changes functions of the stack, and few others",
  },
  functionCalled: {
    id: "function-called",
    family: "functions",
    weight: 0.91,
    addsUp: false,
    about: "a changed line calls or names a function of the stack",
  },
  calleeModified: {
    id: "callee-modified",
    family: "functions",
    weight: 1.05,
    addsUp: false,
    about: "it changes a function that a function of the stack calls",
  },
  functionInSubject: {
    id: "function-in-subject",
    family: "functions",
    weight: 0.34,
    addsUp: false,
    about: "its subject names a function of the stack",
  },
  functionNamed: {
    id: "function-named",
    family: "functions",
    weight: 0.72,
    addsUp: false,
    about: "its message names a function of the stack",
  },
  traceQuoted: {
    id: "trace-quoted",
    family: "functions",
    weight: 1.22,
    addsUp: false,
    about: "its message quotes several functions of the stack",
  },
  sharedNames: {
    id: "shared-names",
    family: "functions",
    weight: 0.85,
    addsUp: true,
    about: "its subject, paths and changed lines hold functions of the stack",
  },
  sharedWords: {
    id: "shared-words",
    family: "words",
    weight: 1.97,
    addsUp: true,
    about: "its subject, paths, functions and changed lines share words with the report",
  },
  wordInFunction: {
    id: "word-in-function",
    family: "words",
    weight: 0.13,
    addsUp: false,
    about: "a function that it changes shares words with the names of the stack",
  },
  wordInBody: {
    id: "word-in-body",
    family: "words",
    weight: 0.69,
    addsUp: true,
    about: "its message shares words with the names of the stack",
  },
  messageMatches: {
    id: "message-matches",
    family: "words",
    weight: 2.08,
    addsUp: false,
    about: "its message as a whole matches the report, for its length",
  },
  messageOverlap: {
    id: "message-overlap",
    family: "words",
    weight: -1.07,
    addsUp: false,
    about: "its message and its place say partly the same: counted once",
  },
  wordsOverlap: {
    id: "words-overlap",
    family: "words",
    weight: -1.69,
    addsUp: false,
    about: "its words and its place say partly the same: counted once",
  },
  fileOfFrame: {
    id: "file-of-frame",
    family: "places",
    weight: 3.41,
    addsUp: true,
    about: "it changes files that define functions of the stack, and few others",
  },
  folderOfFrame: {
    id: "folder-of-frame",
    family: "places",
    weight: 1.39,
    addsUp: false,
    about: "it changes the folder of a function of the stack",
  },
  outerFolder: {
    id: "outer-folder",
    family: "places",
    weight: 1.83,
    addsUp: false,
    about: "it changes something below a folder that holds the folder of a function of the stack",
  },
  areaOfFrame: {
    id: "area-of-frame",
    family: "places",
    weight: 0.46,
    addsUp: false,
    about: "it changes files of the MAINTAINERS area of a function of the stack",
  },
  moduleTouched: {
    id: "module-touched",
    family: "places",
    weight: 1.72,
    addsUp: false,
    about: "it changes a file or folder that bears the name of a module of the stack",
  },
  subjectPlace: {
    id: "subject-place",
    family: "places",
    weight: 0.17,
    addsUp: false,
    about: "its subject begins with the folder or file of a function of the stack",
  },
  otherPlace: {
    id: "other-place",
    family: "places",
    weight: -0.56,
    addsUp: false,
    about: "its subject begins with a place that the report has nothing of",
  },
  otherArch: {
    id: "other-arch",
    family: "places",
    weight: -1.55,
    addsUp: false,
    about: "it changes only code of another processor",
  },
  identifierChanged: {
    id: "identifier-changed",
    family: "names",
    weight: 2,
    addsUp: false,
    about: "a changed line holds a name that the report mentions",
  },
  identifierNamed: {
    id: "identifier-named",
    family: "names",
    weight: 1.5,
    addsUp: false,
    about: "its message names something that the report mentions",
  },
  lockChanged: {
    id: "lock-changed",
    family: "names",
    weight: 1.97,
    addsUp: false,
    about: "a changed line holds a lock of the report",
  },
  lockNamed: {
    id: "lock-named",
    family: "names",
    weight: 0.57,
    addsUp: false,
    about: "its message names a lock of the report",
  },
  rareNames: {
    id: "rare-names",
    family: "names",
    weight: 0.46,
    addsUp: false,
    about: "its changed lines hold names that a function of the stack uses and few other commits touch",
  },
  failureInSubject: {
    id: "failure-in-subject",
    family: "failure",
    weight: 0.29,
    addsUp: true,
    about: "its subject speaks of the same kind of failure",
  },
  failureInBody: {
    id: "failure-in-body",
    family: "failure",
    weight: 0.86,
    addsUp: true,
    about: "its message speaks of the same kind of failure",
  },
  failureMatches: {
    id: "failure-matches",
    family: "failure",
    weight: 2.3,
    addsUp: false,
    about: "its message as a whole is about the same kind of failure, for its length",
  },
  failureCode: {
    id: "failure-code",
    family: "failure",
    weight: 0.3,
    addsUp: true,
    about: "its changed lines hold what fixes of this kind of failure use",
  },
  reportTold: {
    id: "report-told",
    family: "failure",
    weight: 1.62,
    addsUp: true,
    about: "its message tells who reported a failure, or from which trace",
  },
  fixWords: {
    id: "fix-words",
    family: "commit",
    weight: 0.54,
    addsUp: false,
    about: "its subject speaks of a fix",
  },
  cleanupWords: {
    id: "cleanup-words",
    family: "commit",
    weight: -1.04,
    addsUp: false,
    about: "its subject speaks of a cleanup, a rename or documentation",
  },
  fixesTarget: {
    id: "fixes-target",
    family: "commit",
    weight: 1,
    addsUp: false,
    about: "it fixes a commit that the target has",
  },
  noCode: {
    id: "no-code",
    family: "commit",
    weight: -3.74,
    addsUp: false,
    about: "it changes no code",
  },
  largeChange: {
    id: "large-change",
    family: "commit",
    weight: -0.65,
    addsUp: false,
    about: "it changes many lines: each hit says less",
  },
  manyFiles: {
    id: "many-files",
    family: "commit",
    weight: -0.28,
    addsUp: false,
    about: "it changes many files: each hit says less",
  },
} as const satisfies Record<string, EvidenceRule>;

export type EvidenceId = keyof typeof EVIDENCE;
