import { call, type Site, until } from "./service.ts";

const WEBHOOKS = 3;
const BATCHES = 6;
const QUESTIONS = 12;
const PLANS = 20;

/** Paths that random requests rarely make by themselves. */
export interface Seeds {
  readonly urls: readonly string[];
  /** What must stay, because the other urls hang below it. */
  readonly kept: readonly string[];
}

/** Makes webhooks, a plan that applies, of which they are told, and batches and plans that wait for long, so that they can be cancelled. */
export async function plantSeeds(base: string, site: Site): Promise<Seeds> {
  const kept: string[] = [];
  for (let count = 0; count < WEBHOOKS; count += 1) {
    const headers = { "content-type": "application/json", "idempotency-key": `seed ${count}` };
    const body = JSON.stringify({ endpoint: "http://127.0.0.1:9/hook", events: ["plan.completed"] });
    const response = await fetch(new URL("/v1/webhooks", base), { method: "POST", headers, body });
    kept.push(response.headers.get("location") ?? "");
    await response.text();
  }
  const plan = await planThatApplies(base, site.oids);
  const deliveries: string[] = [];
  for (const webhook of kept) {
    await until(async () => {
      const { items } = JSON.parse((await call(base, "GET", `${webhook}/deliveries`)).body) as { items: { url: string }[] };
      deliveries.push(...items.slice(0, 1).map(({ url }) => url));
      return items.length > 0;
    });
  }
  const crash = JSON.parse((await call(base, "POST", "/v1/crashes", { crash: site.crash })).body) as { url: string; signatureUrl: string };
  kept.push(crash.url);
  const waiting = [...(await startBatches(base, site.oids)), ...(await startPlans(base, site.oids))];
  return { urls: [plan, crash.signatureUrl, ...deliveries, ...waiting], kept };
}

/** @throws Error when there is none */
async function planThatApplies(base: string, oids: readonly string[]): Promise<string> {
  for (const oid of oids) {
    const { headers, body } = await call(base, "POST", "/v1/plans?wait=60", { target: "vendor", commits: [oid] });
    const { applies, steps } = JSON.parse(body) as { applies?: boolean; steps?: readonly unknown[] };
    if (applies === true && (steps?.length ?? 0) > 0) return headers.get("location") ?? "";
  }
  throw new Error("no commit of the example trees has a plan that applies");
}

/** Questions that nobody asks a second time, so that they are all to be worked on. */
async function startBatches(base: string, oids: readonly string[]): Promise<string[]> {
  const urls: string[] = [];
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const analyses = Array.from({ length: QUESTIONS }, (_, at) => ({
      target: "vendor",
      commits: [oids[at % oids.length]],
      options: { maxCandidates: 21 + batch },
    }));
    const { headers } = await call(base, "POST", "/v1/batches", { analyses });
    urls.push(headers.get("location") ?? "");
  }
  return urls;
}

async function startPlans(base: string, oids: readonly string[]): Promise<string[]> {
  const urls: string[] = [];
  const pairs = oids.flatMap((one, at) => oids.slice(at + 1).map((other) => [one, other]));
  for (const commits of pairs.slice(0, PLANS)) {
    const { headers } = await call(base, "POST", "/v1/plans", { target: "vendor", commits });
    urls.push(headers.get("location") ?? "");
  }
  return urls;
}
