import {
  type CollectedEvent,
  type ConsentContext,
  type EventContext,
  isServedPage,
  type TrackEvent,
} from '@org/track-core';
import type { BatchFacts } from './accepted-batch.ts';

/** How far in the future an event may lie before its clock is not believed, milliseconds. */
const futureToleranceMs = 5 * 60_000;

/**
 * What destinations get: the event with what the collector knows of its batch.
 *
 * What a browser says of its own address and agent is a claim, so the request's own facts replace it. A server speaks
 * about somebody else's: its word stays.
 */
export function stampEvent(event: TrackEvent, facts: BatchFacts): CollectedEvent {
  const context = isServedPage(event) ? event.context : stampContext(event.context, facts);
  return {
    ...event,
    timestamp: correctTimestamp(event.timestamp, facts),
    ...(context === undefined ? {} : { context }),
    originalTimestamp: event.timestamp,
    receivedAt: new Date(facts.receivedAt).toISOString(),
    ...(facts.sentAt === undefined ? {} : { sentAt: facts.sentAt }),
    source: facts.source,
  };
}

/**
 * When it happened by our clock, ISO 8601. A browser's clock may be wrong: how far it is off shows in the moment it
 * says it sent the batch. A server's clock is believed, so that imported history keeps its dates.
 *
 * A clock set forward between event and batch looks like a wait, and is taken for one: devices sleep more often than
 * their clocks are set. docs/guides/measure-what-is-lost.md finds such events from the batch before theirs.
 *
 * How long a browser held a deferred batch back nobody knows, so a clock that is slow does not show: it is believed.
 * One that is fast does as far as the batch would have come before it was handed over.
 */
export function correctTimestamp(
  original: string,
  { receivedAt, sentAt, deferredAt, source }: Pick<BatchFacts, 'receivedAt' | 'sentAt' | 'deferredAt' | 'source'>,
): string {
  const happenedAt = Date.parse(original);
  if (source === 'server') {
    return happenedAt <= receivedAt + futureToleranceMs ? original : new Date(receivedAt).toISOString();
  }
  const waitedMs = Date.parse(deferredAt ?? sentAt ?? '') - happenedAt;
  const latestAt = waitedMs >= 0 ? receivedAt - waitedMs : receivedAt;
  const correctedAt = deferredAt === undefined ? latestAt : Math.min(happenedAt, latestAt);
  return new Date(Math.max(correctedAt, earliestDate)).toISOString();
}

/** The first moment a `Date` can hold; an event that claims to have waited longer would make an invalid one. */
const earliestDate = -8_640_000_000_000_000;

function stampContext(context: EventContext | undefined, facts: BatchFacts): EventContext | undefined {
  const consent = stampConsent(context?.consent, facts);
  const stamped = facts.isContextFinal === true ? context : requestContext(context, facts);
  return consent === context?.consent ? stamped : { ...stamped, ...(consent === undefined ? {} : { consent }) };
}

/** A browser's context with the address and agent that the request had. */
export function requestContext(
  context: EventContext | undefined,
  { source, ip, userAgent }: BatchFacts,
): EventContext | undefined {
  if (source !== 'browser') return context;
  const { ip: _claimed, ...own } = context ?? {};
  return {
    ...own,
    ...(ip === undefined ? {} : { ip }),
    ...(userAgent === undefined ? {} : { userAgent }),
  };
}

/** The consent an event is judged by from here on. */
function stampConsent(consent: ConsentContext | undefined, facts: BatchFacts): ConsentContext | undefined {
  const preferences = consent?.categoryPreferences ?? facts.consent;
  if (facts.gpc === true) {
    return { ...consent, categoryPreferences: { ...preferences, advertising: false }, gpc: true };
  }
  if (preferences === undefined || preferences === consent?.categoryPreferences) return consent;
  return { ...consent, categoryPreferences: preferences };
}
