import type { Entry } from '../event/entry.ts';
import type { CollectedEvent, TrackCall } from '../event/event.ts';

let made = 0;

/** A valid `track` event. Name only what matters: `anEvent({ userId: 'u1' })`. */
export function anEvent(overrides: Partial<TrackCall> = {}): TrackCall {
  made++;
  return {
    type: 'track',
    messageId: `event-${made}`,
    anonymousId: 'anonymous-1',
    event: 'Product Added',
    timestamp: '2026-01-01T00:00:00.000Z',
    properties: { product_id: 'p1' },
    ...overrides,
  };
}

/** An event as a destination gets it. */
export function aCollectedEvent(overrides: Partial<CollectedEvent & TrackCall> = {}): CollectedEvent {
  const event = anEvent(overrides);
  return {
    receivedAt: '2026-01-01T00:00:01.000Z',
    originalTimestamp: event.timestamp,
    source: 'browser',
    ...event,
    ...overrides,
  } as CollectedEvent;
}

/** An entry that carries `anEvent()` as JSON. */
export function anEntry(overrides: Partial<Entry> = {}): Entry {
  const event = anEvent(overrides.id === undefined ? {} : { messageId: overrides.id });
  const value = overrides.value ?? JSON.stringify(event);
  return { id: event.messageId, value, bytes: value.length, purpose: 'analytics', queuedAt: 0, ...overrides };
}
