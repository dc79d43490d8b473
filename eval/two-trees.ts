import type { TreeRequest } from "../src/schema/tree.ts";
import { required } from "./usage.ts";

/** Options of tasks that drive a service on two real trees: --mainline REPO --mainline-ref REF --vendor REPO --vendor-ref REF */
export const TREE_OPTIONS = {
  mainline: { type: "string" },
  "mainline-ref": { type: "string" },
  vendor: { type: "string" },
  "vendor-ref": { type: "string" },
} as const;

export interface TwoTrees {
  readonly mainline: TreeRequest;
  readonly vendor: TreeRequest;
}

/** @throws UsageError when one of the options is missing */
export function twoTrees(given: { readonly [name in keyof typeof TREE_OPTIONS]?: string }): TwoTrees {
  return {
    mainline: {
      remote: required("mainline", given.mainline),
      ref: required("mainline-ref", given["mainline-ref"]),
      role: "mainline",
    },
    vendor: { remote: required("vendor", given.vendor), ref: required("vendor-ref", given["vendor-ref"]), role: "vendor" },
  };
}
