import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Crash texts shrink to about a tenth. Done off the main thread. */
export const pack = (text: string): Promise<Uint8Array> => compress(text);

export const unpack = async (packed: Uint8Array): Promise<string> => (await decompress(packed)).toString("utf8");
