import { promisify } from "node:util";
import { gunzip, gunzipSync, gzip } from "node:zlib";

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Up to this size unpacking takes less than the way to another thread, which may be busy with the files of analyses. */
const SMALL_BYTES = 64 * 1024;

/** Crash texts shrink to about a tenth. Done off the main thread. */
export const pack = (text: string): Promise<Uint8Array> => compress(text);

export async function unpack(packed: Uint8Array): Promise<string> {
  const text = packed.length <= SMALL_BYTES ? gunzipSync(packed) : await decompress(packed);
  return text.toString("utf8");
}
