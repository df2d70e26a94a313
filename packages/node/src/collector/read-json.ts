import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { wellFormedJson } from '@org/track-core';
import { Refusal } from './refusal.ts';

/** Objects and arrays inside one another that a body may have; an event's own limit is lower. */
const maxDepth = 64;

/** Below this even a body of nothing but brackets costs a few MB, and the depth of events is checked one by one. */
const scanAboveBytes = 64 * 1024;

/** The text of a body: inflated within `maxBytes`, UTF-8, and without half emojis that databases refuse. What it is packed with shows in its first bytes. */
export async function textOfBody(
  bytes: Uint8Array,
  contentEncoding: string | undefined,
  maxBytes: number,
): Promise<string | Refusal> {
  const plain = await inflate(bytes, contentEncoding, maxBytes);
  if (plain instanceof Refusal) return plain;
  if (!isUtf8(plain)) return new Refusal(400, 'not-utf8', 'The body is not UTF-8.');
  const text = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength).toString();
  return wellFormedJson(text.charCodeAt(0) === byteOrderMark ? text.slice(1) : text);
}

const byteOrderMark = 0xfeff;

/** Parses a body that is not nested beyond reason. */
export function jsonOf(text: string): { readonly json: unknown } | Refusal {
  if (text.length > scanAboveBytes && isDeeperThan(text, maxDepth)) {
    return new Refusal(400, 'too-deep', `The body has more than ${maxDepth} objects and arrays inside one another.`);
  }
  try {
    return { json: JSON.parse(text) };
  } catch {
    return new Refusal(400, 'not-json', 'The body is not JSON.');
  }
}

type Inflate = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

/** Node 22.13 has no zstd yet. */
const zstdDecompress = (zlib as { zstdDecompress?: typeof zlib.gunzip }).zstdDecompress;

function inflaterOf(bytes: Uint8Array, contentEncoding: string | undefined): Inflate | 'unknown' | undefined {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  if (first === 0x1f && second === 0x8b) return promisify(zlib.gunzip) as Inflate;
  if (first === 0x78 && ((first << 8) | second) % 31 === 0) return promisify(zlib.inflate) as Inflate;
  if (first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd) {
    return zstdDecompress === undefined ? 'unknown' : (promisify(zstdDecompress) as Inflate);
  }
  // Brotli has no mark of its own: the header is believed.
  return contentEncoding?.toLowerCase() === 'br' ? (promisify(zlib.brotliDecompress) as Inflate) : undefined;
}

async function inflate(
  bytes: Uint8Array,
  contentEncoding: string | undefined,
  maxOutputLength: number,
): Promise<Uint8Array | Refusal> {
  const inflater = inflaterOf(bytes, contentEncoding);
  if (inflater === undefined) return bytes;
  if (inflater === 'unknown') return new Refusal(400, 'unknown-encoding', 'This collector cannot read zstd.');
  try {
    return await inflater(bytes, { maxOutputLength });
  } catch (error) {
    return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
      ? new Refusal(413, 'too-large', `The body unpacks to more than ${maxOutputLength} bytes.`)
      : new Refusal(400, 'bad-compression', 'The body cannot be unpacked.');
  }
}

const quote = 0x22;
const backslash = 0x5c;

/** Parsing a few MB of brackets takes hundreds of MB: found out before. Text that is no JSON gets any answer. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === backslash) at++;
      else if (code === quote) isInString = false;
    } else if (code === quote) isInString = true;
    // `[` and `{` differ from `]` and `}` by two, and from each other by one bit.
    else if ((code | 0x20) === 0x7b) {
      if (++depth > limit) return true;
    } else if ((code | 0x20) === 0x7d) depth--;
  }
  return false;
}
