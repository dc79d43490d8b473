/** A Fastify that does nothing but answer the bytes that a service has answered: what HTTP itself costs on this machine. */
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import fastify from "fastify";

export interface RecordedAnswer {
  readonly type: string;
  readonly body: string;
}

const [file = ""] = process.argv.slice(2);
const answers = new Map<string, RecordedAnswer>(Object.entries(JSON.parse(readFileSync(file, "utf8"))));
const app = fastify();
app.get("/*", (request, reply) => {
  const answer = answers.get(request.url);
  if (answer === undefined) return reply.code(404).send();
  return reply.type(answer.type).send(answer.body);
});
await app.listen({ host: "127.0.0.1", port: 0 });
process.stdout.write(`${(app.server.address() as AddressInfo).port}\n`);
