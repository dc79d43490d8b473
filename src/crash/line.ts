/** One line of a crash text, freed of what transported it. */
export interface LogLine {
  /** What the kernel or the tool printed. */
  readonly text: string;
  /** Where the raw line stands in the input: character offsets, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** Seconds since boot, when the line carries a stamp. */
  readonly time: number | null;
  /** The printk caller, `T235` or `C1`; null without CONFIG_PRINTK_CALLER. */
  readonly caller: string | null;
}
