import type { Arrival } from '@org/track-node';
import type { LiveEvent } from './live-feed.ts';

type Fields = { readonly [field: string]: unknown };

/** An event as it was met at the door, for /live. It may be anything: what is no text is left out. */
export function liveEvent({ event, status, reason, source, receivedAt }: Arrival): LiveEvent {
  const fields = objectOf(event);
  const page = objectOf(objectOf(fields.context).page);
  return {
    id: textOf(fields.messageId),
    receivedAt: new Date(receivedAt).toISOString(),
    source,
    status,
    type: textOf(fields.type),
    name: textOf(fields.event) || textOf(page.title),
    who: textOf(fields.userId) || textOf(fields.anonymousId).slice(0, 8),
    page: textOf(page.path),
    properties: objectOf(fields.properties ?? fields.traits),
    problem: reason ?? '',
  };
}

const objectOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 200) : '');
