import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { buildExampleTrees, type ExampleTrees } from "../../examples/build-trees.ts";
import { startTestService, type TestService } from "./service.ts";

export interface ExampleSite {
  /** Of the example trees; set before the first test. */
  trees: ExampleTrees;
  service: TestService;
}

/**
 * For the tests of one file: a service over HTTP, with real workers, that has the example trees `mainline` and `vendor`.
 * @param more what else is done before the first test
 */
export function exampleSite(more: (site: ExampleSite) => Promise<unknown> = async () => {}): ExampleSite {
  const site = {} as ExampleSite;
  let dir = "";
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "example-site-"));
    site.trees = await buildExampleTrees(dir);
    site.service = await startTestService();
    await site.service.addTree("mainline", { remote: site.trees.mainline, ref: "master", role: "mainline" });
    await site.service.addTree("vendor", { remote: site.trees.vendor, ref: "vendor-1.0", role: "vendor" });
    await more(site);
  });
  after(async () => {
    await site.service?.stop();
    if (dir !== "") rmSync(dir, { recursive: true, force: true });
  });
  return site;
}
