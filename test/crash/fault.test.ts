import assert from "node:assert/strict";
import { test } from "node:test";
import { classifyAddress } from "../../src/crash/fault.ts";
import { splitRelease } from "../../src/crash/kernel-release.ts";
import { readCrash } from "../../src/crash/read-crash.ts";
import { stripSymbol, syscallName } from "../../src/crash/symbol.ts";
import { frameClass } from "../../src/rules/frame-lists.ts";

test("addresses of faults fall into the classes that tell what went wrong", () => {
  const classes: Readonly<Record<string, string>> = {
    "0000000000000000": "null_page",
    "0000000000000080": "small_offset",
    "0000000000001000": "user",
    dead000000000100: "poison",
    dead000000000122: "poison",
    "00100100": "poison",
    "6b6b6b6b6b6b6b6b": "poison",
    "6b6b6b6b": "poison",
    dffffc00000000ad: "kasan_shadow",
    dfff200000000024: "kasan_shadow",
    "0500000000000003": "noncanonical",
    ffff88002bde1e40: "kernel",
    ffffffffc0a43047: "kernel",
    c0a43047: "kernel",
    "00007f4b12fae10c": "user",
  };
  for (const [address, expected] of Object.entries(classes)) assert.equal(classifyAddress(address), expected, address);
});

test("the access is read from the codes of each architecture", () => {
  const access = (text: string): string | undefined => readCrash(text).fault?.access;
  const x86 = "BUG: unable to handle kernel NULL pointer dereference at 0000000000000010\n";
  assert.equal(access(`${x86}Oops: 0000 [#1]\n f+0x1/0x2\n`), "read");
  assert.equal(access(`${x86}Oops: 0002 [#1] SMP\n f+0x1/0x2\n`), "write");
  assert.equal(access(`${x86}Oops: 0010 [#1] SMP\n f+0x1/0x2\n`), "exec");
  const arm64 = "Unable to handle kernel paging request at virtual address ffff000000000010\n";
  assert.equal(access(`${arm64}  ESR = 0x96000007\n f+0x1/0x2\n`), "read");
  assert.equal(access(`${arm64}  ESR = 0x96000045\n f+0x1/0x2\n`), "write");
  assert.equal(access(`${arm64}Internal error: Oops: 8600000e [#1] SMP\n f+0x1/0x2\n`), "exec");
});

test("a KASAN shadow address is turned into the address it stands for", () => {
  const decoded = (address: string): string | null | undefined =>
    readCrash(`Unable to handle kernel paging request at virtual address ${address}\nCall trace:\n f+0x1/0x2\n`).details?.decodedAddress;
  assert.equal(decoded("dfff200000000024"), "0x120");
  assert.equal(decoded("dffffc00000000ad"), "0x568");
  assert.equal(decoded("ffff200000000024"), null);
});

test("a release splits into its base and its vendor", () => {
  const split: readonly (readonly [string, string | null, string | null])[] = [
    ["4.19.90-52.39.v2207.ky10.aarch64", "4.19.90", "Kylin"],
    ["5.10.0-60.18.0.50.oe2203.x86_64", "5.10.0", "openEuler"],
    ["4.19.36-vhulk1907.1.0.h453.eulerosv2r8.aarch64", "4.19.36", "Huawei"],
    ["3.10.0-33.el7.ppc64", "3.10.0", "RHEL"],
    ["5.15.0-91-generic", "5.15.0", "Ubuntu"],
    ["6.1.0-13-amd64", "6.1.0", "Debian"],
    ["5.14.21-150400.24.63-default", "5.14.21", "SUSE"],
    ["5.18.0-rc2-next-20220413+", "5.18.0", "local build"],
    ["6.6.30", "6.6.30", null],
    ["not a release", null, null],
  ];
  for (const [release, base, vendor] of split) assert.deepEqual(splitRelease(release), { release, base, vendor });
});

test("what compilers and architectures put around a name is cut", () => {
  for (const raw of [
    "foo",
    "foo.isra.57",
    "foo.part.0",
    "foo.constprop.40",
    "foo.cold",
    "foo.cold.78",
    "foo.isra.17.cold",
    "foo.llvm.123456",
    ".foo",
  ]) {
    assert.equal(stripSymbol(raw), "foo", raw);
  }
  for (const raw of ["SyS_connect", "__x64_sys_connect", "__arm64_sys_connect", "compat_SyS_connect", "__do_sys_connect", "ksys_connect"]) {
    assert.equal(syscallName(raw), "connect", raw);
  }
  assert.equal(syscallName("sysfs_remove"), null);
});

test("the three lists hold what they are for, and leave modules alone", () => {
  assert.equal(frameClass("dump_stack", null), "irrelevant");
  assert.equal(frameClass("entry_SYSCALL_64_after_hwframe", null), "irrelevant");
  assert.equal(frameClass("__queue_work", null), "prefix");
  assert.equal(frameClass("_raw_spin_lock_irqsave", null), "prefix");
  assert.equal(frameClass("vfs_write", null), "dispatch");
  assert.equal(frameClass("svc_process_common", "sunrpc"), "dispatch");
  assert.equal(frameClass("ext4_writepages", null), "no");
  assert.equal(frameClass("list_widgets", "widget"), "no");
  assert.equal(frameClass("exc_widget", "widget"), "no");
});
