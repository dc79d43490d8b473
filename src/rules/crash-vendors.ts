/** Tags in the release name that tell who built a kernel; the first row that matches what follows the base version wins. */
export const VENDOR_TAGS: readonly { readonly tag: RegExp; readonly vendor: string }[] = [
  { tag: /\.ky\d/, vendor: "Kylin" },
  { tag: /[.-]oe(?:\d|$)/, vendor: "openEuler" },
  { tag: /vhulk|eulerosv\d/, vendor: "Huawei" },
  { tag: /\.uel\d|uos/, vendor: "UOS" },
  { tag: /tlinux|\.tl\d|-19-00/, vendor: "Tencent" },
  { tag: /\.al\d|\.an\d/, vendor: "Alibaba" },
  { tag: /\.azl\d|-azure-linux/, vendor: "Azure Linux" },
  { tag: /\.el\d{1,2}uek|uek/, vendor: "Oracle" },
  { tag: /\.amzn\d/, vendor: "Amazon" },
  { tag: /\.el\d/, vendor: "RHEL" },
  { tag: /\.fc\d/, vendor: "Fedora" },
  { tag: /-(?:generic|lowlatency|aws|gcp|azure|kvm|oem)$/, vendor: "Ubuntu" },
  { tag: /-(?:amd64|arm64|686|cloud-amd64)$|-\d{1,6}-(?:amd64|arm64|686)/, vendor: "Debian" },
  { tag: /-(?:default|preempt|desktop|pae|bigsmp)$/, vendor: "SUSE" },
  { tag: /-android\d|-Microsoft/, vendor: "Android" },
  { tag: /\+$|dirty/, vendor: "local build" },
];
