import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { Refusal } from './refusal.ts';

/** Bytes as they were before they were packed, or why they cannot be had. */
export type Inflate = (bytes: Uint8Array, contentEncoding: string | undefined) => Promise<Uint8Array | Refusal>;

/** Bodies unpacked at once. Node works on four anyway, and a thousand small bombs would all grow at the same time. */
const maxAtOnce = 4;

/** Unpacks what comes within `maxBytes`. What a body is packed with shows in its first bytes. */
export function createInflate(maxBytes: number): Inflate {
  let running = 0;
  const waiting: (() => void)[] = [];

  return async (bytes, contentEncoding) => {
    const inflater = inflaterOf(bytes, contentEncoding);
    if (inflater === undefined) return bytes;
    if (inflater === 'unknown') return new Refusal(400, 'unknown-encoding', 'This collector cannot read zstd.');
    if (running === maxAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await inflater(bytes, { maxOutputLength: maxBytes, chunkSize });
    } catch (error) {
      return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
        ? new Refusal(413, 'too-large', `The body unpacks to more than ${maxBytes} bytes.`)
        : new Refusal(400, 'bad-compression', 'The body cannot be unpacked.');
    } finally {
      const next = waiting.shift(); // takes over the place
      if (next === undefined) running--;
      else next();
    }
  };
}

/** Each chunk is a trip to another thread and back; Node's own size is 16 KiB. */
const chunkSize = 64 * 1024;

type Inflater = (
  bytes: Uint8Array,
  options: { readonly maxOutputLength: number; readonly chunkSize: number },
) => Promise<Uint8Array>;

const gunzip: Inflater = promisify(zlib.gunzip);
const inflate: Inflater = promisify(zlib.inflate);
const inflateRaw: Inflater = promisify(zlib.inflateRaw);
const brotliDecompress: Inflater = promisify(zlib.brotliDecompress);
/** Node 22.13 has no zstd yet. */
const unpackZstd = (zlib as { zstdDecompress?: typeof zlib.gunzip }).zstdDecompress;
const zstdDecompress: Inflater | 'unknown' = unpackZstd === undefined ? 'unknown' : promisify(unpackZstd);

const braces: ReadonlySet<number> = new Set([0x7b, 0x5b]);

function inflaterOf(bytes: Uint8Array, contentEncoding: string | undefined): Inflater | 'unknown' | undefined {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  if (first === 0x1f && second === 0x8b) return gunzip;
  if (first === 0x78 && ((first << 8) | second) % 31 === 0) return inflate;
  if (first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd) return zstdDecompress;
  // Brotli and bare deflate have no mark of their own: the header is believed.
  switch (contentEncoding?.toLowerCase()) {
    case 'br':
      return brotliDecompress;
    case 'deflate':
      return braces.has(first) ? undefined : inflateRaw;
    default:
      return undefined;
  }
}
