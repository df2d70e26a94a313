import {
  type EventResult,
  type EventSource,
  type EventStatus,
  type Issue,
  isServedPage,
  type OnDiagnostic,
  type Plan,
  parseEnvelope,
  report,
  type TrackEvent,
} from '@org/track-core';
import { createEnrich, type Enrichment, type Visitor } from '../enrichment/enrichment.ts';
import type { Appended, BatchFacts, QuarantinedEvent } from '../log/accepted-batch.ts';
import type { BatchBody } from '../log/batch-body.ts';
import type { Log } from '../log/log.ts';
import { requestContext } from '../log/stamp-event.ts';
import { createTransformations, type RunTransformations } from '../transformation/run-transformations.ts';
import type { Transformation, Transformed } from '../transformation/transformation.ts';
import { eventResult } from './event-result.ts';
import { deniedPurpose, type Law, mayQuarantine, plannedIssues } from './judge-event.ts';
import { messageIdOf, nameOnly, reasonOf, toQuarantine } from './refused-event.ts';
import type { RequestIdentity } from './signed-identity.ts';

/** One event as it was met at the door. */
export interface Arrival {
  /** As it came. Of an event that must not be kept only its type, name and `messageId`. */
  readonly event: unknown;
  readonly status: 'stored' | EventStatus;
  readonly reason?: string;
  readonly source: EventSource;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
}

/** What became of the events that were not stored, by `messageId`. */
export type Results = ReadonlyMap<string, EventResult>;

export interface StoreOptions {
  readonly log: Log;
  readonly plan: Plan | undefined;
  readonly unplanned: 'store' | 'quarantine';
  readonly enrichments: readonly Enrichment[];
  readonly transformations: readonly Transformation[];
  /** Hears every event, save those that `onStored` hears of. */
  readonly onArrival: (arrival: Arrival) => void;
  /** Does anybody look at each event? */
  readonly isWatched: () => boolean;
  /** Hears how many were stored while nobody did. */
  readonly onStored: (count: number) => void;
  readonly onDiagnostic: OnDiagnostic | undefined;
}

/** Events of one sender, ready to be judged. */
export interface EventsToStore {
  readonly events: readonly unknown[];
  /** JSON with exactly these events as its `batch`, kept as it is if all of them are. */
  readonly body?: BatchBody;
  readonly facts: BatchFacts;
  /** Nobody sends them again, and somebody hears at once what is wrong with them: nothing of them is quarantined. */
  readonly isSubmitted?: boolean;
  /** Whom a browser's events are about. A server's event speaks for itself. */
  readonly visitor?: Visitor;
  /** Under which id a browser's events are kept. Default: the one they came with. */
  readonly identity?: RequestIdentity;
}

/** Judges events and stores those that pass; resolves after the commit. Rejects with `LogUnavailableError`. */
export type StoreEvents = (batch: EventsToStore) => Promise<Results>;

/** An event that was not stored, and why. */
interface Refused {
  readonly event: unknown;
  readonly status: EventStatus;
  readonly reason?: string;
}

/** What becomes of the events of one batch. */
interface Sorting {
  readonly law: Law;
  /** What is no event: set aside at last, since meanwhile somebody may have been suppressed. */
  readonly invalid: readonly { readonly input: unknown; readonly issues: readonly Issue[] }[];
  readonly quarantined: QuarantinedEvent[];
  readonly refused: Refused[];
}

/** The way of events through the collector, top to bottom. Each step passes on what may go further, and says why of the rest. */
export function createStoreEvents(options: StoreOptions): StoreEvents {
  const { log, plan, unplanned, enrichments, transformations, onDiagnostic } = options;
  const { onArrival, isWatched, onStored } = options;
  const enrich = createEnrich(enrichments, onDiagnostic);
  const transform = transformations.length === 0 ? undefined : createTransformations(transformations);
  const reported = new Set<string>();

  return (batch) => {
    try {
      return take(batch);
    } catch (error) {
      return Promise.reject(error);
    }
  };

  function take(batch: EventsToStore): Promise<Results> {
    const { events: inputs, facts, visitor, identity } = batch;
    // How many may come in one body was asked at the door; what is our own comes by no door.
    const parsed = parseEnvelope({ batch: inputs }, { maxEvents: inputs.length });
    if (!parsed.ok) throw new Error(reasonOf(parsed.issues));
    const { events: valid, invalid, duplicates, isIntact } = parsed.value;
    const sorting: Sorting = {
      law: {
        unplanned,
        source: facts.source,
        gpc: facts.gpc === true,
        ...(plan === undefined ? {} : { plan }),
        ...(facts.consent === undefined ? {} : { vouched: facts.consent }),
      },
      invalid,
      quarantined: [],
      refused: duplicates.map((messageId) => ({ event: { messageId }, status: 'duplicate' })),
    };

    const allowed = those(valid, (event) => mayBeKept(event, sorting));
    // Whoever is suppressed is so under either id.
    const named =
      identity === undefined ? allowed : those(allowed.map(identity.apply), (event) => mayBeKept(event, sorting));
    const enriched = enrichments.length === 0 ? named : enrichedEvents(named, visitor, sorting);
    const intact = isIntact ? valid : undefined;
    if (transform === undefined) return keep(enriched, intact, batch, sorting);
    const final = { ...batch, facts: { ...facts, isContextFinal: true } };
    return transformedEvents(enriched, facts, transform, sorting).then((changed) =>
      keep(changed, intact, final, sorting),
    );
  }

  /** @param intact - the events of `body`, in its order, if all of them are valid */
  function keep(
    events: readonly TrackEvent[],
    intact: readonly TrackEvent[] | undefined,
    { body, facts, isSubmitted = false }: EventsToStore,
    sorting: Sorting,
  ): Promise<Results> {
    for (const { input, issues } of sorting.invalid) setAside(input, issues, sorting);
    const kept = those(events, (event) => isAsPlanned(event, sorting));
    const quarantined = isSubmitted ? [] : sorting.quarantined;
    if (kept.length === 0 && quarantined.length === 0) return Promise.resolve(tell(sorting.refused, facts));
    const ids = kept.map(({ messageId }) => messageId);
    const appending = log.append({
      body: body !== undefined && intact !== undefined && isSame(kept, intact) ? body : JSON.stringify({ batch: kept }),
      ids,
      facts,
      ...(quarantined.length === 0 ? {} : { quarantined }),
    });
    return whenAppended(appending, ids.length, isWatched() ? kept : undefined, sorting.refused, facts);
  }

  /** Apart from the events: hundreds of batches may wait for the disk, and parsed they take several times their text. */
  async function whenAppended(
    appending: Promise<Appended>,
    count: number,
    watched: readonly TrackEvent[] | undefined,
    refused: Refused[],
    facts: BatchFacts,
  ): Promise<Results> {
    const { duplicates } = await appending;
    if (watched === undefined) {
      for (const messageId of duplicates) refused.push({ event: { messageId }, status: 'duplicate' });
      onStored(count - duplicates.length);
    } else {
      const { source, receivedAt } = facts;
      const known = new Set(duplicates);
      for (const event of watched) {
        if (known.has(event.messageId)) refused.push({ event, status: 'duplicate' });
        else onArrival({ event, status: 'stored', source, receivedAt });
      }
    }
    return tell(refused, facts);
  }

  /** Keeps what is no event for people to look at, if it may be kept at all. */
  function setAside(input: unknown, issues: readonly Issue[], { law, quarantined, refused }: Sorting): void {
    if (log.suppression.has(input)) {
      refused.push({ event: nameOnly(input), status: 'suppressed' });
      return;
    }
    const mayKeep = mayQuarantine(input, law);
    if (mayKeep) quarantined.push(toQuarantine(input, issues));
    refused.push({ event: mayKeep ? input : nameOnly(input), status: 'invalid', reason: reasonOf(issues) });
  }

  /** It is of nobody suppressed, and consent covers it. What fails here is looked at no further. */
  function mayBeKept(event: TrackEvent, { law, refused }: Sorting): boolean {
    if (log.suppression.has(event)) {
      refused.push({ event: nameOnly(event), status: 'suppressed' });
      return false;
    }
    const purpose = deniedPurpose(event, law);
    if (purpose === undefined) return true;
    refused.push({ event: nameOnly(event), status: 'consent_denied', reason: purpose });
    return false;
  }

  function enrichedEvents(
    events: readonly TrackEvent[],
    visitor: Visitor | undefined,
    { law, refused }: Sorting,
  ): readonly TrackEvent[] {
    if (events.length === 0) return events;
    // A browser's whole batch is about one visitor.
    const shared = law.source === 'browser' && visitor !== undefined ? enrich(visitor) : undefined;
    return events.flatMap((event) => {
      // About nobody: there is nothing to find out.
      if (isServedPage(event)) return [event];
      const { context, drop } = shared ?? enrich(visitorOf(event));
      if (drop !== undefined) {
        refused.push({ event, status: 'suppressed', reason: drop });
        return [];
      }
      if (context === undefined || Object.keys(context).length === 0) return [event];
      return [{ ...event, context: { ...event.context, ...context } }];
    });
  }

  async function transformedEvents(
    events: readonly TrackEvent[],
    facts: BatchFacts,
    transform: RunTransformations,
    sorting: Sorting,
  ): Promise<readonly TrackEvent[]> {
    const { source, keyName, receivedAt } = facts;
    const whole = events.map((event) => withContext(event, requestContext(event.context, facts)));
    const results = await transform(whole, { source, receivedAt, ...(keyName === undefined ? {} : { keyName }) });
    return results.flatMap((result, place) => outputsOf(result, whole[place] as TrackEvent, sorting));
  }

  function outputsOf(result: Transformed, event: TrackEvent, sorting: Sorting): readonly TrackEvent[] {
    switch (result.kind) {
      case 'events':
        // It may be about somebody else by now, or for something else.
        return result.events.filter((output) => mayBeKept(output, sorting));
      case 'dropped':
        sorting.refused.push({ event, status: 'suppressed', reason: 'filtered' });
        return [];
      case 'failed': {
        const { by, code, message } = result;
        reportOnce(code, by);
        if (!mayBeKept(event, sorting)) return [];
        sorting.quarantined.push(
          toQuarantine(event, [{ path: '', code, message: message === undefined ? by : `${by}: ${message}` }]),
        );
        // Why exactly is for us to know, not for whoever sent it.
        sorting.refused.push({ event, status: 'invalid', reason: code });
        return [];
      }
    }
  }

  function isAsPlanned(event: TrackEvent, { law, quarantined, refused }: Sorting): boolean {
    const issues = plannedIssues(event, law);
    if (issues.length === 0) return true;
    quarantined.push(toQuarantine(event, issues));
    refused.push({ event, status: 'invalid', reason: reasonOf(issues) });
    return false;
  }

  function tell(refused: readonly Refused[], { source, receivedAt }: BatchFacts): Results {
    const results = new Map<string, EventResult>();
    for (const { event, ...result } of refused) {
      const id = messageIdOf(event);
      if (id !== undefined) results.set(id, eventResult(result.status, result.reason));
      onArrival({ event, ...result, source, receivedAt });
    }
    return results;
  }

  function reportOnce(code: string, detail: string): void {
    if (reported.has(`${code} ${detail}`)) return;
    reported.add(`${code} ${detail}`);
    report(onDiagnostic, code, detail);
  }
}

/** The very same list where all of them pass, as nearly all do. */
function those(events: readonly TrackEvent[], passes: (event: TrackEvent) => boolean): readonly TrackEvent[] {
  const passing = events.filter(passes);
  return passing.length === events.length ? events : passing;
}

function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some === others || (some.length === others.length && some.every((one, place) => one === others[place]));
}

function withContext(event: TrackEvent, context: TrackEvent['context']): TrackEvent {
  return context === undefined || context === event.context ? event : { ...event, context };
}

/** A server speaks about somebody else: what it says of them is what is known. */
function visitorOf({ context }: TrackEvent): Visitor {
  const { ip, userAgent } = context ?? {};
  return {
    ...(ip === undefined ? {} : { ip }),
    ...(userAgent === undefined ? {} : { userAgent }),
    header: () => undefined,
  };
}
