/** Progress for people: one line that overwrites itself on a terminal, a line per change elsewhere. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface ProgressLine {
  show(text: string): void;
  /** Leaves this line standing and starts a new one. */
  done(text: string): void;
  clear(): void;
}

const WIDTH = 100;

export function createProgressLine(out: Output): ProgressLine {
  let last = "";
  const clear = (): void => {
    if (out.isTTY === true && last !== "") out.write(`\r${" ".repeat(WIDTH)}\r`);
    last = "";
  };
  return {
    clear,
    show(text) {
      if (out.isTTY === true) {
        if (text !== last) out.write(`\r${text.slice(0, WIDTH).padEnd(WIDTH)}`);
        last = text;
        return;
      }
      // In a log file a change of the figures is not worth a line.
      const step = text.replace(/ \d+(\/\d+)?$/, "");
      if (step !== last) out.write(`${step}\n`);
      last = step;
    },
    done(text) {
      clear();
      out.write(`${text}\n`);
    },
  };
}
