/** Small invented crashes of an invented driver, in the words that kernels use. */

export const OOPS_X86 = `BUG: kernel NULL pointer dereference, address: 0000000000000028
#PF: supervisor write access in kernel mode
#PF: error_code(0x0002) - not-present page
Oops: 0002 [#1] SMP NOPTI
CPU: 3 PID: 4711 Comm: widgetd Tainted: G           OE     5.10.0-60.18.0.50.oe2203.x86_64 #1
Hardware name: Example Machine 9, BIOS 1.2 01/01/2022
Workqueue: widget_wq widget_work [widget]
RIP: 0010:widget_probe_done+0x67/0x2d0 [widget]
Code: 00 00 <8b> 00
RSP: 0018:ffffbcb34f133c50 EFLAGS: 00010246
RAX: 0000000000000000 RBX: ffffe3e4768a6080 RCX: 0000000000000000
CR2: 0000000000000028
Call Trace:
 widget_session_start+0x121/0x1e0 [widget]
 ? widget_unrelated+0x1/0x2 [widget]
 widget_ioctl.isra.7+0x60f/0xba0 [widget]
 vfs_ioctl+0x66/0xa0
 do_syscall_64+0x5b/0x1d0
 entry_SYSCALL_64_after_hwframe+0x44/0xa9
Modules linked in: widget(OE) nfs sunrpc [last unloaded: gadget]
---[ end trace 0000000000000000 ]---
`;

export const OOPS_ARM64 = `Unable to handle kernel NULL pointer dereference at virtual address 0000000000000028
Mem abort info:
  ESR = 0x96000045
  Exception class = DABT (current EL), IL = 32 bits
Internal error: Oops: 96000045 [#1] SMP
CPU: 3 PID: 4711 Comm: widgetd Kdump: loaded Not tainted 4.19.90-24.4.v2101.ky10.aarch64 #1
pstate: 60400009 (nZCv daif +PAN -UAO)
pc : widget_probe_done+0x4c/0x328 [widget]
lr : widget_probe_done+0x40/0x328 [widget]
x29: ffffb2f160b23a00 x28: ffff8004296f7d00
Call trace:
 widget_probe_done+0x4c/0x328 [widget]
 widget_session_start+0x60/0x90 [widget]
 widget_ioctl+0x10/0x20 [widget]
 el0_svc_handler+0x84/0x140
 el0_svc+0x8/0xc
`;
