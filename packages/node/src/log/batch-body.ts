import { gunzipSync } from 'node:zlib';

/** A body as gzip packed it. */
export interface PackedBody {
  readonly gzip: Uint8Array;
  /** Bytes of what is in it. */
  readonly bytes: number;
}

/** JSON text, its UTF-8, or that as gzip packed it. Bytes must not change until they are stored. */
export type BatchBody = string | Uint8Array | PackedBody;

export const isPacked = (body: BatchBody): body is PackedBody => typeof body === 'object' && 'gzip' in body;

/** UTF-8 length of the text. */
export function bytesOf(body: BatchBody): number {
  if (typeof body === 'string') return Buffer.byteLength(body);
  return isPacked(body) ? body.bytes : body.byteLength;
}

/** Throws if it is packed and cannot be unpacked. */
export function textOf(body: BatchBody): string {
  if (typeof body === 'string') return body;
  const bytes = isPacked(body) ? gunzipSync(body.gzip, { maxOutputLength: body.bytes }) : body;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
