import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

const packet = (text: string) => (text.length + 4).toString(16).padStart(4, "0") + text;

/**
 * Serves one repository over git's smart http protocol (git's documentation, "gitprotocol-http") below /repo.git; /private asks for a
 * password, /hang never answers.
 * @returns the address without a path.
 */
export async function serveHttp(t: TestContext, repository: string): Promise<string> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://localhost");
    if (pathname.startsWith("/hang")) return;
    if (!pathname.startsWith("/repo.git/")) {
      response.writeHead(pathname.startsWith("/private") ? 401 : 404).end();
      return;
    }
    const advertise = pathname.endsWith("/info/refs");
    const env = { PATH: process.env.PATH, GIT_PROTOCOL: String(request.headers["git-protocol"] ?? "") };
    const flags = advertise ? ["--stateless-rpc", "--http-backend-info-refs"] : ["--stateless-rpc"];
    const child = spawn("git", ["upload-pack", ...flags, repository], { env, stdio: ["pipe", "pipe", "ignore"] });
    response.writeHead(200, { "content-type": `application/x-git-upload-pack-${advertise ? "advertisement" : "result"}` });
    if (advertise && env.GIT_PROTOCOL !== "version=2") response.write(`${packet("# service=git-upload-pack\n")}0000`);
    request.pipe(child.stdin);
    child.stdout.pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
