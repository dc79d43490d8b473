/**
 * git cannot resume a pack that arrived in part, so the first fetch of a long history comes in steps, each a complete fetch of an older
 * release: what a step has brought has a ref and stays, whatever kills the rest.
 */
const STEPS = 6;
/** With fewer releases than this the history is taken to be short. */
const FEWEST_RELEASES = 4 * STEPS;
/** v2.6.32, 5.10: releases, no candidates and no vendor's names, so that their order is that of the history. */
const RELEASE = /^refs\/tags\/v?(\d+(?:\.\d+)+)$/;

function byVersion(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = (a[at] ?? -1) - (b[at] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Tags (full names, out of those of the remote) to be fetched one after the other before everything else; none for a short history. */
export function cloneSteps(refs: readonly string[]): string[] {
  const releases: { readonly ref: string; readonly version: readonly number[] }[] = [];
  for (const ref of refs) {
    const version = RELEASE.exec(ref)?.[1];
    if (version !== undefined) releases.push({ ref, version: version.split(".").map(Number) });
  }
  if (releases.length < FEWEST_RELEASES) return [];
  releases.sort((a, b) => byVersion(a.version, b.version));
  const steps: string[] = [];
  for (let step = 1; step <= STEPS; step += 1) {
    const release = releases[Math.floor((step * releases.length) / (STEPS + 1))];
    if (release !== undefined) steps.push(release.ref);
  }
  return steps;
}
