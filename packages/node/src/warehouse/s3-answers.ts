import type { RetryReason } from '@org/track-core';
import { retryAfterMs } from '../destination/http-exchange.ts';
import type { StoreError } from './file-store.ts';

/** Refusals with a 4xx that speak of the moment. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const passingCodes: ReadonlySet<string> = new Set([
  'RequestTimeout',
  'BadDigest',
  'IncompleteBody',
  'OperationAborted',
  'SlowDown',
  'TooManyRequests',
]);

/** What an answer that is no success means. Nothing in our requests is of the events, so a 4xx speaks of us. */
export function outcomeOfAnswer(
  { status, headers }: { readonly status: number; readonly headers: Headers },
  body: string,
): StoreError['outcome'] {
  const [, code = ''] = /<Code>([A-Za-z0-9]{1,60})<\/Code>/.exec(body) ?? [];
  if (status === 413 || code === 'EntityTooLarge') return { kind: 'dead', reason: 'too-large' };
  if (
    status === 408 ||
    status === 409 ||
    status === 429 ||
    (status >= 500 && status !== 501) ||
    passingCodes.has(code)
  ) {
    const reason: RetryReason = `http-${status}`;
    return { kind: 'retry', reason, retryAfterMs: retryAfterMs(headers.get('retry-after') ?? undefined, Date.now()) };
  }
  return { kind: 'config', reason: `http-${status}${code === '' ? '' : ` ${code}`}` };
}

/** One page of a bucket's list, of ListObjectsV2. */
export function keysIn(xml: string): { readonly keys: readonly string[]; readonly next: string | undefined } {
  const isEncoded = xml.includes('<EncodingType>url</EncodingType>');
  const decoded = (text: string): string =>
    isEncoded ? decodeURIComponent(text.replaceAll('+', ' ')) : withoutEntities(text);
  const keys = [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => decoded(key));
  const [, next] = /<NextContinuationToken>([^<]*)<\/NextContinuationToken>/.exec(xml) ?? [];
  return { keys, next: next === undefined ? undefined : withoutEntities(next) };
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function withoutEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return entities[name] ?? whole;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });
}
