#!/usr/bin/env node
// Node strips types by itself from 22.18 on, but of no file below node_modules.
if (!process.features.typescript || import.meta.url.includes("/node_modules/")) (await import("tsx/esm/api")).register();
await import("../src/cli.ts");
