import type { BatchLimits } from './outbox.ts';

/**
 * Where a batch that begins at `from` ends (exclusive), so that it stays within `limits`.
 * It holds one entry at least: one that is too large alone is for the far end to refuse.
 */
export function batchEnd(entries: readonly { readonly bytes: number }[], from: number, limits: BatchLimits): number {
  let end = from;
  let bytes = 0;
  for (; end < entries.length && end - from < limits.maxEvents; end++) {
    bytes += entries[end]?.bytes ?? 0;
    if (bytes > limits.maxBytes && end > from) break;
  }
  return end;
}
