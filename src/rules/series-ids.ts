/**
 * Message ids from which a mail tells the series it belongs to, as tools make them: one row for each tool. The first group is the part that
 * all mails of the series share, the second the place in it.
 */
export interface SeriesConvention {
  readonly id: string;
  readonly pattern: RegExp;
  /** The part of a shared id that a full-text index has as one word and that few other messages have. */
  readonly word: (shared: string) => string;
  readonly sample: string;
}

export const SERIES_CONVENTIONS: readonly SeriesConvention[] = [
  {
    id: "git-send-email",
    pattern: /\b(\d{14}\.\d{1,10})-(\d{1,4})-/,
    word: (shared) => shared.slice(0, 14),
    sample: "Link: https://lore.kernel.org/r/20240910143144.1123511-5-author@example.org",
  },
  {
    id: "git-send-email-1",
    pattern: /\b(\d{9,10}-\d{1,10})-(\d{1,4})-git-send-email-/,
    word: (shared) => shared.split("-")[0] ?? "",
    sample: "Message-Id: <1383212345-12345-3-git-send-email-author@example.org>",
  },
  {
    id: "b4",
    pattern: /\b(\d{8}-[\w.-]{1,100}-v\d{1,3})-(\d{1,4})-[0-9a-f]{12}@/,
    word: (shared) => shared.slice(0, 8),
    sample: "Link: https://patch.msgid.link/20240910-nfsd-fixes-v3-2-0123456789ab@example.org",
  },
];

export interface SeriesPlace {
  readonly shared: string;
  readonly position: number;
  readonly word: string;
}

const NAMING_LINE = /^\s*(?:Link|Message-Id|Closes|Patchwork-Link):\s*\S/i;

/** The place in a series that a commit message claims by its links; null when it has none. */
export function seriesPlace(message: string): SeriesPlace | null {
  for (const line of message.split("\n")) {
    if (!NAMING_LINE.test(line)) continue;
    const text = line.slice(0, 500);
    for (const { pattern, word } of SERIES_CONVENTIONS) {
      const [, shared, position] = pattern.exec(text) ?? [];
      if (shared !== undefined && position !== undefined) return { shared, position: Number(position), word: word(shared) };
    }
  }
  return null;
}
