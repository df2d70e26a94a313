import { attempt, type EventType, parseEvent, type Receipt, type SendVerdict, type TrackEvent } from '@org/track-core';

/** The stations of an event's way, in their order. */
export const stations = ['captured', 'consent', 'queued', 'sent', 'confirmed'] as const;

export type Station = (typeof stations)[number];

/** What became of an event so far. */
export interface Journey {
  readonly messageId: string;
  readonly type: EventType;
  /** What people call it: the event's name, a page's path, a user id. */
  readonly name: string;
  /** When this page first saw it, epoch milliseconds. */
  readonly capturedAt: number;
  /** Milliseconds from there to each station that it reached. */
  readonly reached: { readonly [station in Station]?: number };
  /** Where it stands. `held`: something must change first, `reason` says what. */
  readonly state: 'held' | 'under-way' | 'confirmed' | 'lost';
  /** Why it is held or lost, by the tracker's names. */
  readonly reason?: string | undefined;
  /** Requests it was in. */
  readonly tries: number;
  /** As it travels; before consent, what the call said. */
  readonly event: unknown;
  /** What a collector would find wrong with it. */
  readonly issues: readonly string[];
}

/** How the latest batch fared. */
export interface Delivery {
  readonly at: number;
  readonly events: number;
  /** `delivered`, or why it was not. */
  readonly outcome: string;
}

type Change = Partial<Pick<Journey, 'state' | 'reason' | 'tries' | 'event' | 'issues'>>;

/** Keeps the way of the latest events. */
export interface Journal {
  /** Somebody called the tracker. */
  called(receipt: Receipt, type: EventType, said: readonly unknown[]): void;
  /** Consent let it through, and plugins before this one made it what it is. */
  passed(event: TrackEvent): void;
  /** It leaves, with others. */
  sent(entries: readonly { readonly id: string; readonly value: string }[]): void;
  /** What was said of each of them, and in a word of all. */
  answered(ids: readonly string[], outcome: string, verdictOf: (id: string) => SendVerdict): void;
  /** Oldest first. */
  journeys(): readonly Journey[];
  delivery(): Delivery | undefined;
  clear(): void;
  /** Hears of every change, with the journey it is about. Returns a function that stops it. */
  onChange(listener: (journey: Journey | undefined) => void): () => void;
}

/** Journeys kept; beyond it the oldest are forgotten. */
const maxJourneys = 200;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function nameOf(type: EventType, fields: { readonly [field: string]: unknown }): string {
  const { page } = (fields.context ?? {}) as { readonly page?: { readonly path?: unknown } };
  return text(fields.event ?? fields.name ?? (type === 'page' ? page?.path : (fields.groupId ?? fields.userId)));
}

const subjects = {
  track: 'event',
  page: 'name',
  screen: 'name',
  identify: 'userId',
  group: 'groupId',
  alias: 'userId',
};

export function createJournal(now: () => number = Date.now): Journal {
  const kept = new Map<string, Journey>();
  const listeners = new Set<(journey: Journey | undefined) => void>();
  let latest: Delivery | undefined;

  const tell = (journey?: Journey): void => {
    for (const listener of listeners) attempt(() => listener(journey));
  };

  /** Notes what is new about an event, and the station it reached. */
  function note(
    messageId: string,
    station: Station | undefined,
    { ...change }: Change,
    first?: Partial<Journey>,
  ): void {
    const known = kept.get(messageId);
    if (!known && !first) return; // forgotten
    const capturedAt = known?.capturedAt ?? now();
    const reached = station && known?.reached[station] === undefined && { [station]: now() - capturedAt };
    const journey: Journey = {
      ...{ messageId, type: 'track', name: '', capturedAt, state: 'under-way', tries: 0, event: undefined, issues: [] },
      ...first,
      ...known,
      ...change,
      reached: { captured: 0, ...known?.reached, ...reached },
    };
    kept.set(messageId, journey);
    for (const [oldest] of kept) if (kept.size > maxJourneys) kept.delete(oldest);
    tell(journey);
  }

  /** An event in full, whoever shows it first. */
  function noteEvent(event: TrackEvent, station: Station): void {
    const { messageId, type } = event;
    const name = nameOf(type, event as unknown as { readonly [field: string]: unknown });
    const parsed = parseEvent(event);
    const issues = parsed.ok ? [] : parsed.issues.map(({ path, code }) => `${path}: ${code}`);
    const known = kept.get(messageId);
    if (known && name) kept.set(messageId, { ...known, name });
    note(messageId, station, { event, issues, state: 'under-way', reason: undefined }, { type, name });
  }

  function judge(messageId: string, verdict: SendVerdict): void {
    const { kind, reason } = { reason: undefined, ...verdict };
    const state = kind === 'delivered' ? 'confirmed' : kind === 'retry' ? 'held' : 'lost';
    const known = kept.get(messageId);
    // The answer and the receipt say the same.
    if (known?.state === state && known.reason === reason) return;
    note(messageId, kind === 'delivered' ? 'confirmed' : undefined, { state, reason });
  }

  return {
    called(receipt, type, [subject, details]) {
      const { messageId } = receipt;
      const fields = { [subjects[type]]: subject };
      note(messageId, undefined, {}, { type, name: nameOf(type, fields), event: { type, ...fields, details } });
      void receipt.queued.then((is) => {
        if (!is) return;
        note(messageId, 'consent', { state: 'under-way', reason: undefined });
        note(messageId, 'queued', {});
      });
      void receipt.delivered.then((verdict) => judge(messageId, verdict));
      // Only consent keeps an event waiting before it is queued.
      setTimeout(() => {
        const { reached, state } = kept.get(messageId) ?? {};
        if (state === 'under-way' && reached?.consent === undefined) {
          note(messageId, undefined, { state: 'held', reason: 'consent' });
        }
      });
    },
    passed: (event) => noteEvent(event, 'consent'),
    sent(entries) {
      for (const { id, value } of entries) {
        // One of an earlier visit shows up here first.
        const event = kept.get(id)?.reached.consent === undefined && attempt(() => JSON.parse(value) as TrackEvent);
        if (event) noteEvent(event, 'consent');
        note(id, 'queued', {});
        note(id, 'sent', { state: 'under-way', reason: undefined, tries: (kept.get(id)?.tries ?? 0) + 1 });
      }
    },
    answered(ids, outcome, verdictOf) {
      latest = { at: now(), events: ids.length, outcome };
      for (const id of ids) judge(id, verdictOf(id));
      tell();
    },
    journeys: () => [...kept.values()],
    delivery: () => latest,
    clear() {
      kept.clear();
      tell();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
