import type { BatchLimits } from './outbox.ts';

/**
 * How many of `entries` travel together, from the first, so that they stay within `limits`.
 * One at least: one that is too large alone is for the far end to refuse.
 */
export function batchEnd(entries: readonly { readonly bytes: number }[], { maxEvents, maxBytes }: BatchLimits): number {
  let end = 0;
  for (const { bytes } of entries) {
    maxBytes -= bytes;
    if (end === maxEvents || (end && maxBytes < 0)) break;
    end++;
  }
  return end;
}
