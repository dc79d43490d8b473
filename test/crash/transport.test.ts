import assert from "node:assert/strict";
import { test } from "node:test";
import { readCrash } from "../../src/crash/read-crash.ts";
import { OOPS_X86 } from "./samples.ts";

const LINES = OOPS_X86.trimEnd().split("\n");
const stamp = (index: number): string => `[${(51807 + index / 1000).toFixed(6).padStart(12)}]`;
const map = (wrap: (line: string, index: number) => string, end = "\n"): string => LINES.map(wrap).join(end) + end;
const iso = (index: number): string => `2024-03-11T14:29:${String(index % 60).padStart(2, "0")}.101185+02:00`;

/** Quoted-printable as mail programs write it: soft breaks at 60 columns, equal signs escaped. */
function quotedPrintable(line: string): string {
  const escaped = `${line}=`.replaceAll("=", "=3D");
  const parts: string[] = [];
  for (let at = 0; at < escaped.length; ) {
    let end = Math.min(escaped.length, at + 60);
    // An escape is never broken.
    while (end < escaped.length && escaped.slice(end - 2, end).includes("=")) end--;
    parts.push(escaped.slice(at, end));
    at = end;
  }
  return parts.join("=\n");
}

const TRANSPORTS: Readonly<Record<string, string>> = {
  dmesg: map((line, index) => `${stamp(index)} ${line}`),
  "dmesg with caller": map((line, index) => `${stamp(index)}[ T4711] ${line}`),
  "dmesg with the processor as caller": map((line, index) => `${stamp(index)}[   24] ${line}`),
  "dmesg without a blank behind the stamp": map((line, index) => `${stamp(index)}${line}`),
  "dmesg -T": map((line) => `[Mon Mar 11 14:29:16 2024] ${line}`),
  "dmesg --time-format iso": map((line, index) => `${iso(index).replace(".", ",")} ${line}`),
  indented: map((line) => `    ${line}`),
  syslog: map((line, index) => `Dec  8 15:25:17 node-8.example kernel: ${stamp(index)} ${line}`),
  "syslog after grep": map((line, index) => `messages-20241208:Dec  8 15:25:17 node kernel: ${stamp(index)} ${line}`),
  "syslog, RFC 3339": map((line, index) => `${iso(index)} storage-t20 kernel: ${stamp(index)} ${line}`),
  "journalctl, month in Russian": map((line) => `июл 27 14:08:04 laptop kernel: ${line}`),
  "journalctl -o json": map((line, index) =>
    JSON.stringify({ _TRANSPORT: "kernel", PRIORITY: "4", MESSAGE: line, __MONOTONIC_TIMESTAMP: String(index) }),
  ),
  "journalctl -o json, bytes": map((line) => JSON.stringify({ MESSAGE: [...Buffer.from(line)] })),
  level: map((line) => `<1>${line}`),
  "level and stamp": map((line, index) => `<4>${stamp(index)}${line}`),
  "netconsole, extended": map((line, index) => `6,${1234 + index},51807593${index},-;${line}`),
  "serial console": map((line, index) => `\u001b[0m${stamp(index)} ${line}\u001b[K`, "\r\n"),
  "serial console behind a login prompt": `widget login: ${stamp(0)} ${LINES[0]}\n${map((line, index) => `${stamp(index)} ${line}`)
    .split("\n")
    .slice(1)
    .join("\n")}`,
  "dropped messages": `** 93 printk messages dropped ** ${stamp(0)} ${LINES[0]}\n${LINES.slice(1)
    .map((line, index) => `${stamp(index + 1)} ${line}`)
    .join("\n")}`,
  mail: map((line, index) => `>> ${stamp(index)} ${line}`),
  "mail, quoted-printable": map(quotedPrintable),
  "markdown, in Chinese": `内核崩溃如下：\n\n\`\`\`sh\ncrash> dmesg | less\n${map((line, index) => `${stamp(index)} ${line}`)}\`\`\`\n\n请看看是什么问题。\n`,
  pstore: `Oops#1 Part1\n${LINES.slice(10)
    .map((line) => `<4>${stamp(0)}  ${line}`.replace("]  ", "] "))
    .join("\n")}\nOops#1 Part2\n${LINES.slice(0, 10)
    .map((line) => `<4>${stamp(0)} ${line}`)
    .join("\n")}\n`,
  "other lines in between": map((line, index) =>
    index % 3 === 1
      ? `${stamp(index)} ${line}\n${stamp(index)} audit: type=1130 audit(1599118767.260:14): pid=1`
      : `${stamp(index)} ${line}`,
  ),
  "the lines of other tasks in between": map(
    (line, index) => `${stamp(index)}[ T4711] ${line}\n${stamp(index)}[    C7]  unrelated_function+0x1/0x2`,
  ),
};

const expected = readCrash(OOPS_X86);

test("the sample itself is read right", () => {
  assert.equal(expected.kind, "null_deref");
  assert.equal(expected.title, "BUG: unable to handle kernel NULL pointer dereference in widget_probe_done");
  assert.deepEqual(
    expected.frames.filter((frame) => frame.reliable).map((frame) => frame.symbol),
    ["widget_probe_done", "widget_session_start", "widget_ioctl", "vfs_ioctl", "do_syscall_64", "entry_SYSCALL_64_after_hwframe"],
  );
});

for (const [name, text] of Object.entries(TRANSPORTS)) {
  test(`transport: ${name}`, () => {
    const signature = readCrash(text);
    assert.equal(signature.title, expected.title);
    assert.equal(signature.kind, expected.kind);
    assert.deepEqual(
      signature.frames.map((frame) => frame.symbol),
      expected.frames.map((frame) => frame.symbol),
    );
    assert.equal(signature.fingerprint.strict, expected.fingerprint.strict);
    assert.deepEqual(signature.fault, expected.fault);
    assert.equal(signature.kernel?.release, "5.10.0-60.18.0.50.oe2203.x86_64");
  });
}

test("a mail program's hard breaks are undone where they hide a function, a module or the release", () => {
  const text = `[  100.1] WARNING: CPU: 1 PID: 2 at lib/widget/widget-tree.c:784
widget_delete_node+0x84/0x1f0
[  100.2] CPU: 1 PID: 2 Comm: widgetd Tainted: G
W         4.14.99-example #1
[  100.3] Call Trace:
[  100.4]  widget_put_stid+0x7e/0xd0
[widget]
[  100.5]  widget_work+0x9f/0x150 [widget]
`;
  const signature = readCrash(text);
  assert.equal(signature.title, "WARNING in widget_delete_node");
  assert.equal(signature.frames[1]?.module, "widget");
  assert.equal(signature.kernel?.release, "4.14.99-example");
});

test("facts point to where they stand in the text", () => {
  const text = `${"some prose\n".repeat(50)}${OOPS_X86}`;
  const spans = new Map(readCrash(text).details?.spans.map((span) => [span.fact, text.slice(span.start, span.end)]));
  assert.equal(spans.get("header"), LINES[0]);
  assert.equal(spans.get("pc"), "RIP: 0010:widget_probe_done+0x67/0x2d0 [widget]");
});
