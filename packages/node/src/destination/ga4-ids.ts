import { createHash } from 'node:crypto';
import type { CollectedEvent } from '@org/track-core';
import { textAt, valueAt } from './mapping.ts';

/** What a page or backend hands over for this destination: `integrations: { ga4: { clientId, sessionId } }`. */
function handedOver(event: CollectedEvent, destination: string, field: string): string | undefined {
  return textAt(valueAt(event.integrations, destination), field);
}

/**
 * The browser's client id if it was handed over, as the id or as the `_ga` cookie's text (`GA1.1.123.456`). Else one of
 * our own, in Google's look, that is the same for all events of a device.
 */
export function clientIdOf(event: CollectedEvent, destination = 'ga4'): string {
  const given = handedOver(event, destination, 'clientId');
  if (given !== undefined) return /^GA\d\.\d\.(\d+\.\d+)$/.exec(given)?.[1] ?? given;
  const hash = createHash('sha256')
    .update(event.anonymousId ?? event.userId ?? '')
    .digest();
  return `${hash.readUInt32BE(0)}.${hash.readUInt32BE(4)}`;
}

/**
 * The browser's session if it was handed over, as the id or as the `_ga_…` cookie's text of either format
 * (`GS1.1.123.4`, `GS2.1.s123$o1`). Else ours: the second it began at.
 */
export function sessionIdOf(event: CollectedEvent, destination = 'ga4'): string | undefined {
  const given = handedOver(event, destination, 'sessionId');
  if (given !== undefined) return /^GS\d\.\d\.s?(\d+)/.exec(given)?.[1] ?? given;
  // UUIDv7: its first 48 bits are the session's start, to some 66 seconds.
  const startMs = Number.parseInt((event.context?.session?.id ?? '').replaceAll('-', '').slice(0, 12), 16);
  return Number.isNaN(startMs) ? undefined : String(Math.floor(startMs / 1_000));
}
