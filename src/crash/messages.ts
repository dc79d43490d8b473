import type { Signature } from "../schema/signature.ts";
import type { LogLine } from "./line.ts";

type Message = Signature["messages"][number];

const MAX_MESSAGES = 8;
/** Lines that frame a report and say nothing. */
const EMPTY = /^[\s=\-.*#]*$/;

/** Fields of crash's `sys` and its prompts. */
const SESSION =
  /^(?:crash> |(?:KERNEL|DEBUGINFO|DUMPFILE|CPUS|CPU|DATE|UPTIME|LOAD AVERAGE|TASKS|NODENAME|RELEASE|VERSION|MACHINE|MEMORY|PANIC|PID|COMMAND|TASK|STATE): )/;

/** The printk format that may have printed a line: what varies becomes a `%` directive. */
export function template(text: string): string {
  return text
    .replace(/"[^"]{0,200}"/g, '"%s"')
    .replace(/\b0x[0-9a-f]{1,16}\b/g, "0x%x")
    .replace(/\b(?=[0-9a-f]{0,15}\d)[0-9a-f]{6,16}\b/g, "%x")
    .replace(/\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/g, "%pI4")
    .replace(/(^|[^\w%])-?\d{1,20}\b/g, "$1%d");
}

/** The log lines just above a report, newest last. */
export function readMessages(before: readonly LogLine[]): Message[] {
  const messages: Message[] = [];
  for (const { text } of before) {
    const trimmed = text.trim();
    if (trimmed.length > 3 && !EMPTY.test(trimmed.replace("[ cut here ]", "")) && !SESSION.test(trimmed))
      messages.push({ text: trimmed, template: template(trimmed) });
  }
  return messages.slice(-MAX_MESSAGES);
}
