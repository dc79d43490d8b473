import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { negotiate } from "./accept.ts";

/** The forms of every main resource; text is Markdown that reads well as it is. */
export const FORMS = ["application/json", "text/markdown", "text/plain"] as const;

/** Response content for one answer in these forms. */
export function inForms<T extends z.ZodType>(description: string, schema: T) {
  const text = { schema: z.string() };
  return { description, content: { "application/json": { schema }, "text/markdown": text, "text/plain": text } };
}

/** Sends a resource in the form that the Accept header asks for. */
export function sendForm<T>(request: FastifyRequest, reply: FastifyReply, value: T, render: (value: T) => string): FastifyReply {
  const type = negotiate(request.headers.accept, FORMS);
  reply.header("vary", "accept");
  if (type === "application/json") return reply.type(type).send(value);
  // Hostile text may be in it: no browser shall take it for a page.
  return reply.type(`${type}; charset=utf-8`).header("x-content-type-options", "nosniff").send(render(value));
}
