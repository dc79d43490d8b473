import { z } from "zod";

/** What a token may do; each scope includes those before it. */
export const Scope = z.enum(["read", "analyze", "admin"]);
export type Scope = z.infer<typeof Scope>;
