/** What vendors put before the subject of a commit that they took: Android and ChromeOS tags, Ubuntu, NVIDIA, mail. */
const VENDOR_PREFIX =
  /^(?:(?:(?:UPSTREAM|BACKPORT|FROMGIT|FROMLIST|ANDROID|CHROMIUM|UBUNTU|NVIDIA|SAUCE):|\[(?:PATCH[^\]]*|Backport)\]:?)\s*)+/i;
/^(?:(?:UPSTREAM|BACKPORT|FROMGIT|FROMLIST|ANDROID|CHROMIUM|UBUNTU|NVIDIA|SAUCE|\[PATCH[^\]]*\]|\[Backport\]):?\s*)+/i;
/** What merge bots put behind it. */
const BOT_SUFFIX = /\s*\((?:backport|cherry-pick) #\d+\)\s*$/i;

/** Subjects that many commits bear, and that therefore name none. */
const GENERIC =
  /^(?:merge\b|linux \d|v?\d[\d.]*(?:-rc\d+)?$|bump|release|update(?:d)? (?:version|changelog|copyright)|fix (?:typos?|build|warnings?|compile)\b)/i;
/** A shorter subject is hardly anybody's own. */
const LEAST_LETTERS = 15;

/** The subject as its author wrote it. */
export function plainSubject(subject: string): string {
  return subject.replace(VENDOR_PREFIX, "").replace(BOT_SUFFIX, "").trim();
}

/** Could many commits bear this subject. */
export function isGeneric(subject: string): boolean {
  return subject.length < LEAST_LETTERS || GENERIC.test(subject.replace(/^[\w/-]+: */, "")) || GENERIC.test(subject);
}

/** Subjects that a commit which undoes another one bears, as `git revert` writes them. */
export function revertSubjects(subject: string): string[] {
  const undone = /^Revert "(.*)"$/.exec(subject)?.[1];
  return undone === undefined ? [`Revert "${subject}"`] : [`Revert "${subject}"`, `Reapply "${undone}"`];
}
