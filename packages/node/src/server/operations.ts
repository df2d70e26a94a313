import { setTimeout as pause } from 'node:timers/promises';
import { type Compacted, type EventResult, type Issue, type Plan, parseEvent } from '@org/track-core';
import type { Collector, CollectorStats, ReceiptsOptions } from '../collector/create-collector.ts';
import { plannedIssues } from '../collector/judge-event.ts';
import { messageIdOf, reasonOf } from '../collector/refused-event.ts';
import type { DestinationReport } from '../dispatch/books.ts';
import type { ExportedRow } from '../dispatch/dispatcher.ts';
import type { ErasureBegun } from '../erasure/create-erasures.ts';
import type { BatchFacts } from '../log/accepted-batch.ts';
import type { ErasureReceipt } from '../log/erasure-receipt.ts';
import type { Log } from '../log/log.ts';
import type { ConsumerProgress } from '../log/log-outbox.ts';
import type { LogEvent, LogRange, Measured } from '../log/log-range.ts';
import type { PersonIds } from '../log/person.ts';
import type {
  DeadLetterPage,
  DeadLetterRecord,
  PersonRecord,
  QuarantinedRecord,
  RecordPage,
  Revived,
} from '../log/record.ts';
import { signOfLifeMs, type TailFilter, type TailLine, tailOf } from './tail.ts';

/** A quarantined event's way back: stored, or why not. */
export interface Resubmitted {
  readonly status: 'stored' | EventResult['status'] | 'unknown';
  readonly reason?: string;
}

/** What became of events that were submitted. */
export interface Submitted {
  readonly stored: number;
  readonly refused: readonly { readonly messageId: string; readonly status: string; readonly reason?: string }[];
}

/** Erasures that are not done, and destinations that never agreed. */
export interface ErasureStanding {
  readonly underWay: number;
  /** When the oldest of those was asked for, epoch milliseconds. */
  readonly oldestAskedAt?: number;
  /** Whom the oldest waits for. */
  readonly waitsFor?: readonly string[];
  readonly failed: readonly string[];
}

/** How a compaction goes. */
export type Compacting = { readonly isAtWork: true } | ({ readonly isAtWork: false } & Compacted);

/** What is known of a person: records of the log, rows of destinations, and who did not tell. */
export type KnownOfPerson =
  | PersonRecord
  | { readonly store: 'destination'; readonly destination: string; readonly failed: string };

/** How it goes, with how far each destination is. */
export interface Standing {
  readonly stats: CollectorStats;
  /** Of all who ever read the log. */
  readonly progress: { readonly [destination: string]: ConsumerProgress };
  readonly consumers: readonly string[];
  /** How each destination is; none where nobody delivers. */
  readonly destinations: readonly DestinationReport[];
  readonly erasures: ErasureStanding;
}

/**
 * What the command line asks for: by HTTP of a server that runs, or in its own process while none does. Arguments and
 * results are JSON; what yields is a stream of it.
 */
export interface Operations {
  ping(args: object): Promise<{ readonly pid: number }>;
  standing(args: object): Promise<Standing>;
  /** Why nothing can be stored; `null` if something can. */
  probe(args: object): Promise<string | null>;
  damage(args: object): Promise<readonly string[]>;
  forget(args: { readonly destination: string }): Promise<boolean>;
  newest(args: { readonly limit: number }): Promise<readonly LogEvent[]>;
  tail(args: TailFilter): AsyncIterable<TailLine>;
  deadList(args: DeadLetterPage): Promise<readonly DeadLetterRecord[]>;
  /** With the event as it stands in the log, where it still does. */
  deadShow(args: { readonly id: number }): Promise<(DeadLetterRecord & { readonly stored?: unknown }) | null>;
  /** @throws TypeError if `event` is none, or not as planned */
  deadRevive(args: { readonly id: number; readonly event?: object }): Promise<Revived>;
  deadRemove(args: { readonly id: number }): Promise<boolean>;
  quarantineList(args: RecordPage): Promise<readonly QuarantinedRecord[]>;
  quarantineShow(args: { readonly id: number }): Promise<QuarantinedRecord | null>;
  quarantineSubmit(args: { readonly id: number; readonly event?: object }): Promise<Resubmitted>;
  quarantineRemove(args: { readonly id: number }): Promise<boolean>;
  measure(args: LogRange): Promise<Measured | null>;
  replay(args: LogRange & { readonly destination: string }): Promise<number>;
  submit(args: { readonly events: readonly unknown[]; readonly facts: BatchFacts }): Promise<Submitted>;
  about(args: PersonIds): AsyncIterable<KnownOfPerson>;
  erase(args: PersonIds): Promise<ErasureBegun>;
  receipts(args: ReceiptsOptions): Promise<readonly ErasureReceipt[]>;
  /** Resolves with whether they were on the list. */
  unsuppress(args: PersonIds): Promise<boolean>;
  /** Says now and then that it is at work, and at last what came of it. */
  compact(args: { readonly destination: string }): AsyncIterable<Compacting>;
}

export interface OperationsOptions {
  readonly collector: Collector;
  readonly log: Log;
  readonly plan: Plan | undefined;
  readonly unplanned: 'store' | 'quarantine';
  /** Erases somebody here, and at destinations. */
  readonly erase: (person: PersonIds) => Promise<ErasureBegun>;
  /** Asks destinations what they hold about somebody. */
  readonly exportFrom: (person: PersonIds) => AsyncIterable<ExportedRow>;
  readonly compact: (destination: string) => Promise<Compacted>;
}

/** Receipts in which a destination that never agreed is looked for. */
const receiptsLookedAt = 1_000;

/** Where nobody wrote down who sent it, it is judged as a browser's: what may least. */
const unknownFacts = (receivedAt: number): BatchFacts => ({ receivedAt, source: 'browser' });

export function createOperations({
  collector,
  log,
  plan,
  unplanned,
  erase,
  exportFrom,
  compact,
}: OperationsOptions): Operations {
  const { records } = log;

  function requireEvent(event: object, facts: Pick<BatchFacts, 'source'>): void {
    const parsed = parseEvent(event);
    const law = { unplanned, source: facts.source, gpc: false, ...(plan === undefined ? {} : { plan }) };
    const issues: readonly Issue[] = parsed.ok ? plannedIssues(parsed.value, law) : parsed.issues;
    if (issues.length > 0) throw new TypeError(`The event is not right yet: ${reasonOf(issues)}`);
  }

  function sourceOf(letter: DeadLetterRecord): BatchFacts['source'] {
    return (JSON.parse(letter.event) as { source: BatchFacts['source'] }).source;
  }

  function erasureStanding(): ErasureStanding {
    const failed = new Set<string>();
    for (const { destinations } of log.erasures.receipts({ limit: receiptsLookedAt })) {
      for (const { destination, state } of destinations) if (state === 'failed') failed.add(destination);
    }
    const [oldest, ...others] = log.erasures.open();
    if (oldest === undefined) return { underWay: 0, failed: [...failed] };
    const waitsFor = oldest.waiting.map(({ destination }) => destination);
    return { underWay: 1 + others.length, oldestAskedAt: oldest.askedAt, waitsFor, failed: [...failed] };
  }

  return {
    ping: async () => ({ pid: process.pid }),
    async standing() {
      const stats = collector.stats();
      const progress: Record<string, ConsumerProgress> = {};
      const consumers = records.consumers();
      for (const name of consumers) {
        const own = log.progress(name);
        if (own !== undefined) progress[name] = own;
      }
      return { stats, progress, consumers, destinations: collector.destinations(), erasures: erasureStanding() };
    },
    probe: () =>
      log.probe().then(
        () => null,
        ({ cause, message }: Error) => (cause instanceof Error ? cause.message : message),
      ),
    damage: async () => records.damage(),
    forget: ({ destination }) => records.forgetConsumer(destination),
    newest: ({ limit }) => records.newest(limit),
    tail: (filter) => tailOf(collector, filter),
    deadList: async (page) => records.deadLetters(page),
    async deadShow({ id }) {
      const letter = records.deadLetterById(id);
      return letter === undefined ? null : { ...letter, stored: records.storedEvent(letter) };
    },
    async deadRevive({ id, event }) {
      const letter = records.deadLetterById(id);
      if (letter !== undefined && event !== undefined) requireEvent(event, { source: sourceOf(letter) });
      return records.revive(id, event);
    },
    deadRemove: ({ id }) => records.removeDeadLetter(id),
    quarantineList: async (page) => records.quarantined(page),
    quarantineShow: async ({ id }) => records.quarantinedById(id) ?? null,
    async quarantineSubmit({ id, event }) {
      const record = records.quarantinedById(id);
      if (record === undefined) return { status: 'unknown' };
      const submitted = event ?? jsonOf(record.event);
      if (typeof submitted !== 'object' || submitted === null) {
        throw new TypeError('What is kept of this event was cut, and is no JSON: give it whole.');
      }
      const { messageId = `quarantine-${id}` } = submitted as { messageId?: string };
      const whole = { ...submitted, messageId };
      // Of what has no id that is one no result could tell that it was refused.
      if (messageIdOf(whole) === undefined) return { status: 'invalid', reason: reasonOfEvent(whole) };
      const results = await collector.submit([whole], record.facts ?? unknownFacts(record.receivedAt));
      const result = results.get(messageId);
      // One that the log has already needs no quarantine either.
      if (result === undefined || result.status === 'duplicate') await records.removeQuarantined(id);
      if (result === undefined) return { status: 'stored' };
      return { status: result.status, ...('reason' in result ? { reason: result.reason } : {}) };
    },
    quarantineRemove: ({ id }) => records.removeQuarantined(id),
    measure: async (range) => (await records.measure(range)) ?? null,
    replay: ({ destination, ...range }) => records.replay(destination, range),
    async submit({ events, facts }) {
      const results = await collector.submit(events, facts);
      const refused = [...results].map(([messageId, result]) => ({
        messageId,
        status: result.status,
        ...('reason' in result ? { reason: result.reason } : {}),
      }));
      return { stored: events.length - refused.length, refused };
    },
    async *about(person) {
      yield* records.about(person);
      const devices = (await records.devicesOf(person)).filter((anonymousId) => anonymousId !== person.anonymousId);
      const seen = new Set<string>();
      for (const who of [person, ...devices.map((anonymousId) => ({ ...person, anonymousId }))]) {
        for await (const exported of exportFrom(who)) {
          const { destination } = exported;
          const told = 'row' in exported ? { event: exported.row } : { failed: exported.failed };
          // What is found by the person and by the device is one row.
          const text = JSON.stringify([destination, told]);
          if (seen.has(text)) continue;
          seen.add(text);
          yield { store: 'destination', destination, ...told };
        }
      }
    },
    erase,
    async *compact({ destination }) {
      const compaction = compact(destination);
      compaction.catch(() => {}); // somebody may have stopped listening
      yield { isAtWork: true };
      for (;;) {
        const waiting = new AbortController();
        const { signal } = waiting;
        const compacted = await Promise.race([
          compaction.finally(() => waiting.abort()),
          pause(signOfLifeMs, undefined, { signal }).catch(() => undefined),
        ]);
        yield compacted === undefined ? { isAtWork: true } : { isAtWork: false, ...compacted };
        if (compacted !== undefined) return;
      }
    },
    receipts: async (options) => collector.receipts(options),
    async unsuppress(person) {
      const wasListed = log.suppression.has(person);
      await collector.unsuppress(person);
      return wasListed;
    },
  };
}

function reasonOfEvent(event: object): string {
  const parsed = parseEvent(event);
  return parsed.ok ? '' : reasonOf(parsed.issues);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
