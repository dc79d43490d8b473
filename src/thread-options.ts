/**
 * Node below 22.18 does not read TypeScript itself, no Node does below node_modules, and threads do not inherit a loader that was
 * registered at run time. The loader costs each thread about a second and 40 MiB.
 */
const READS_TYPESCRIPT = process.features.typescript && !import.meta.url.includes("/node_modules/");

/** Options of Node for worker threads whose module is one of ours. */
export const THREAD_OPTIONS: readonly string[] = READS_TYPESCRIPT ? [] : ["--import", import.meta.resolve("tsx")];
