/** What the path of a file says about how a change to it may be taken. */

/** Tests and their data stand alone: one that the target lacks can be taken whole. */
const TEST_PATHS = /(?:^|\/)(?:tests?|selftests|testing)\//;

/** Each branch writes its own: what upstream notes there says nothing about the target. */
const CHANGELOGS = /(?:^|\/)(?:debian\/changelog|ChangeLog|CHANGELOG(?:\.md)?|NEWS)$/;

export function isTestPath(path: string): boolean {
  return TEST_PATHS.test(path);
}

export function isChangelog(path: string): boolean {
  return CHANGELOGS.test(path);
}
