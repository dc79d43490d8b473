import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** What it answers, one status after the other, the last one for ever; 0 hangs up, -1 never answers. */
  statuses: number[];
  /** Resolves when it has received so many in all. */
  count(wanted: number): Promise<void>;
}

/** An endpoint of webhooks on this machine; it ends with the test. */
export async function startReceiver(t: TestContext, ...statuses: number[]): Promise<Receiver> {
  const waiting = new Set<() => void>();
  const receiver = {
    url: "",
    received: [] as Received[],
    statuses,
    async count(wanted: number) {
      while (receiver.received.length < wanted) {
        await new Promise<void>((resolve) => waiting.add(resolve));
      }
    },
  };
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.once("end", () => {
      const status = receiver.statuses.length > 1 ? receiver.statuses.shift() : receiver.statuses[0];
      receiver.received.push({ headers: request.headers, body });
      if (status === 0) request.socket.destroy();
      else if (status !== -1) response.writeHead(status ?? 200, { location: receiver.url }).end("x".repeat(1000));
      for (const wake of waiting) wake();
      waiting.clear();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return receiver;
}
