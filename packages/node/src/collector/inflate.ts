import { constants } from 'node:buffer';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { Refusal } from './refusal.ts';

/** Bytes as they were before they were packed, or why they cannot be had. */
export type Inflate = (bytes: Uint8Array, contentEncoding: string | undefined) => Promise<Uint8Array | Refusal>;

/**
 * Bytes of a body, packed and unpacked: so much is unpacked on the spot. A trip to another thread and back costs 50 µs, a
 * batch of fifty events 30, and its JSON is parsed here anyway, for 55.
 */
const smallPacked = 64 * 1024;
const smallUnpacked = 256 * 1024;

/** Larger bodies unpacked at once. Node works on four anyway, and a thousand small bombs would all grow at the same time. */
const maxAtOnce = 4;

/** Unpacks what comes within `maxBytes`. What a body is packed with shows in its first bytes. */
export function createInflate(maxBytes: number): Inflate {
  const maxOutputLength = Math.min(maxBytes, constants.MAX_LENGTH); // `Infinity` too is a limit; zlib takes none above
  let running = 0;
  const waiting: (() => void)[] = [];

  async function unpackElsewhere(bytes: Uint8Array, { elsewhere }: Inflater): Promise<Uint8Array> {
    if (running === maxAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await elsewhere(bytes, { maxOutputLength, chunkSize });
    } finally {
      const next = waiting.shift(); // takes over the place
      if (next === undefined) running--;
      else next();
    }
  }

  /** Undefined if it is too large for that. */
  function unpackHere(bytes: Uint8Array, { here }: Inflater): Uint8Array | undefined {
    if (bytes.length > smallPacked) return undefined;
    try {
      return release(
        here(bytes, { maxOutputLength: Math.min(maxBytes, smallUnpacked), chunkSize: chunkFor(bytes), info: true }),
      );
    } catch (error) {
      if (isTooLarge(error) && maxBytes > smallUnpacked) return undefined;
      throw error;
    }
  }

  return async (bytes, contentEncoding) => {
    const inflater = inflaterOf(bytes, contentEncoding);
    if (inflater === undefined) return bytes;
    if (inflater === 'unknown') return new Refusal(400, 'unknown-encoding', 'This collector cannot read zstd.');
    try {
      return unpackHere(bytes, inflater) ?? (await unpackElsewhere(bytes, inflater));
    } catch (error) {
      return isTooLarge(error)
        ? new Refusal(413, 'too-large', `The body unpacks to more than ${maxBytes} bytes.`)
        : new Refusal(400, 'bad-compression', 'The body cannot be unpacked.');
    }
  };
}

const isTooLarge = (error: unknown): boolean => (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';

/** Each chunk is a trip to another thread and back; Node's own size is 16 KiB. */
const chunkSize = 64 * 1024;

/**
 * Room for all that comes out, where the body says how much that is, as gzip does at its end: what is allocated beyond it
 * makes garbage collections. One that lies is refused when it is unpacked.
 */
function chunkFor(bytes: Uint8Array): number {
  if (!isGzip(bytes) || bytes.length < minGzip) return defaultChunk;
  const said = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4).getUint32(0, true);
  // With no room left, zlib would ask for one chunk more to find that there is no more.
  return Math.min(Math.max(said + 64, minChunk), smallUnpacked);
}

/** What zlib gives with `info`: beside the bytes the object that unpacked them. */
type Unpacked = Uint8Array | { readonly buffer: Uint8Array; readonly engine: object };

/**
 * Node frees such an object only when it collects old garbage, and all that came out of it with it: that would make it
 * collect seven times as often, for 7 % of the processor.
 */
function release(unpacked: Unpacked): Uint8Array {
  if (unpacked instanceof Uint8Array) return unpacked; // not every runtime knows `info`
  Object.assign(unpacked.engine, { _outBuffer: undefined });
  return unpacked.buffer;
}

const minGzip = 18;
const minChunk = 1_024;
const defaultChunk = 16 * 1024;

interface Inflater {
  readonly here: (
    bytes: Uint8Array,
    options: { readonly maxOutputLength: number; readonly chunkSize: number; readonly info: true },
  ) => Unpacked;
  readonly elsewhere: (
    bytes: Uint8Array,
    options: { readonly maxOutputLength: number; readonly chunkSize: number },
  ) => Promise<Uint8Array>;
}

const gunzip: Inflater = { here: zlib.gunzipSync, elsewhere: promisify(zlib.gunzip) };
const inflate: Inflater = { here: zlib.inflateSync, elsewhere: promisify(zlib.inflate) };
const inflateRaw: Inflater = { here: zlib.inflateRawSync, elsewhere: promisify(zlib.inflateRaw) };
const brotliDecompress: Inflater = {
  here: zlib.brotliDecompressSync,
  elsewhere: promisify(zlib.brotliDecompress),
};
/** Node 22.13 has no zstd yet. */
const { zstdDecompress: unpackZstd, zstdDecompressSync: unpackZstdHere } = zlib as Partial<typeof zlib>;
const zstdDecompress: Inflater | 'unknown' =
  unpackZstd === undefined || unpackZstdHere === undefined
    ? 'unknown'
    : { here: unpackZstdHere, elsewhere: promisify(unpackZstd) };

export const isGzip = ([first, second]: Uint8Array): boolean => first === 0x1f && second === 0x8b;

const braces: ReadonlySet<number> = new Set([0x7b, 0x5b]);

function inflaterOf(bytes: Uint8Array, contentEncoding: string | undefined): Inflater | 'unknown' | undefined {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  if (isGzip(bytes)) return gunzip;
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
