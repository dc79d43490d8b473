import { COARSE_CLASS } from "../rules/crash-kinds.ts";
import type { CrashKind, Frame } from "../schema/signature.ts";
import { type Anchors, findAnchors } from "./anchor.ts";
import { readBody } from "./body.ts";
import type { Header } from "./header.ts";
import type { Segment } from "./segment.ts";
import { readPlace, readStacks, type Stacks } from "./stack.ts";
import { syscallName } from "./symbol.ts";
import { fillTitle, normalizeTitle } from "./title.ts";
import { weigh } from "./weigh.ts";

/** One report of a log, read. */
export interface Report {
  readonly segment: Segment;
  readonly kind: CrashKind;
  readonly subkind: string | null;
  readonly title: string;
  readonly altTitles: readonly string[];
  readonly frames: readonly Frame[];
  readonly stacks: Stacks;
  readonly corrupted: string | null;
}

const SIGNATURE_FRAMES = 64;
const STAMP_IN_TITLE = /\[ {0,8}\d{1,10}\.\d{1,9}\]/;
const CONSOLE_LOST = "serialport: VM disconnected.";

/** Where the header says that the fault was; the headers of reports about a fault do not name any other place. */
function headerPlace(header: Header) {
  return header.rule.anchor === "pc" ? readPlace(header.text) : null;
}

/** Prefix frames in front of the function that names the report, joined: `__queue_work | queue_work_on | nfsd4_probe_callback`. */
function joinedName(frames: readonly Frame[], anchor: string): string | null {
  const names: string[] = [];
  for (const frame of frames) {
    if (frame.symbol === anchor) return names.length === 0 ? null : [...names, anchor].join(" | ");
    if (frame.generic === "prefix" && frame.reliable) names.push(frame.symbol);
  }
  return null;
}

function titles(header: Header, access: string, anchors: Anchors, frames: readonly Frame[]): readonly string[] {
  const { rule, groups } = header;
  const row = rule.title.replace("{access} ", access === "" ? "" : `${access} `);
  const anchor = anchors.names[0];
  if (anchor === undefined || !row.includes("{f}")) return [fillTitle(row.replace(/ in \{f\}/, ""), groups, "")];
  const names = new Set(anchors.names);
  for (const name of anchors.names) {
    const bare = syscallName(name);
    if (bare !== null) names.add(`sys_${bare}`).add(bare);
  }
  const joined = joinedName(frames, anchor);
  if (joined !== null) names.add(joined);
  const all = [...names].map((name) => fillTitle(row, groups, name));
  return [...new Set([...all, normalizeTitle(`${COARSE_CLASS[rule.kind]} in ${anchor}`)])];
}

/** Why a report is not to be trusted, or null. The reasons are those of syzkaller's reporter, which dashboards of crashes know. */
function corruptionOf(segment: Segment, stacks: Stacks, anchors: Anchors, bodyMissing: string | null): string | null {
  const { rule, text } = segment.header;
  if (rule.corrupted !== null) return rule.corrupted;
  if (bodyMissing !== null) return bodyMissing;
  if (STAMP_IN_TITLE.test(text)) return "a stamp of another line stands in the header";
  if (segment.lines.some((line) => line.text.includes(CONSOLE_LOST))) return "the console was lost";
  if (rule.stackless) return null;
  if (rule.anchor !== "none" && anchors.names.length === 0) return "no frames";
  if (!anchors.reached) return "the stack ends too early";
  if (stacks.mixed) return "the stack of a fault injection is mixed in";
  const telling = stacks.main.filter((frame) => frame.generic !== "irrelevant" && frame.fromLinkRegister !== true);
  if (!stacks.announced && telling.length < 2) return "no stack";
  return stacks.missing === null ? null : `no frames behind: ${stacks.missing}`;
}

/** Reads one report. */
export function readReport(segment: Segment): Report {
  const { header, lines } = segment;
  const { rule } = header;
  const faults = rule.anchor === "pc" || rule.anchor === "stall";
  const stacks = readStacks(lines, rule.kind, headerPlace(header), faults);
  const body = readBody(header, lines);
  const frames = weigh(stacks.main);
  const owner = rule.owner ? stacks.others.find((stack) => stack.role === "alloc") : undefined;
  const owners = owner === undefined ? [] : findAnchors("trace", { frames: owner.frames, named: null, skip: rule.skip }).names.slice(0, 1);
  const anchors = findAnchors(rule.anchor, { frames, named: body.named, skip: rule.skip });
  const [title = "", ...altTitles] = titles(header, body.access, { ...anchors, names: [...anchors.names, ...owners] }, frames);
  const subkind = rule.subkind === null ? null : rule.subkind.replace("$1", header.groups[1] ?? "") || null;
  return {
    segment,
    kind: rule.kind,
    subkind,
    title,
    altTitles,
    frames: frames.slice(0, SIGNATURE_FRAMES),
    stacks,
    corrupted: corruptionOf(segment, stacks, anchors, body.missing),
  };
}
