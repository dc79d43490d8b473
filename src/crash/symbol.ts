const SUFFIX = /\.(?:isra|part|constprop|cold|llvm|lto_priv|clone|localalias|cfi|cfi_jt|pcsalign)(?:\.\w{1,24}){0,3}$|\.\d{1,9}$/;
const SYSCALL =
  /^(?:compat_)?(?:SYSC|SyS|__x64_sys|__ia32_sys|__ia32_compat_sys|__arm64_sys|__arm64_compat_sys|__riscv_sys|__s390x_sys|__s390_sys|__se_sys|__se_compat_sys|__do_sys|__do_compat_sys|____sys|___sys|__sys|ksys|sys)_/;

/** Cuts what compilers append: `foo.isra.57` and `foo.cold` are `foo`; the dot of ppc64 descriptors goes too. */
export function stripSymbol(raw: string): string {
  let symbol = raw.startsWith(".") ? raw.slice(1) : raw;
  for (let rounds = 0; rounds < 4; rounds++) {
    const cut = symbol.replace(SUFFIX, "");
    if (cut === symbol) break;
    symbol = cut;
  }
  return symbol;
}

/** The bare name of a system call, `connect` of `__x64_sys_connect`, since each architecture has its own prefix; null for others. */
export function syscallName(symbol: string): string | null {
  const prefix = SYSCALL.exec(symbol);
  return prefix === null || prefix[0].length === symbol.length ? null : symbol.slice(prefix[0].length);
}
