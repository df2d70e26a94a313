/** One event that a visitor's page, or the server's answer to it, told us about. */
export interface Told {
  readonly messageId: string;
  readonly event: string;
  readonly visitor: string;
  /** Path of the page it happened on. */
  readonly page: string;
}

/**
 * The driver's own truth, kept apart from everything it tests: what each visitor did with its hands, and which events
 * the pages and the server said they recorded.
 */
export interface Ledger {
  /** `visitor` did something that must have made this event. */
  did(visitor: string, event: string): void;
  told(told: Told): void;
  /** From now on nothing this visitor does may be stored. */
  refused(visitor: string): void;
  readonly deeds: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly events: ReadonlyMap<string, Told>;
  readonly refusers: ReadonlySet<string>;
}

export function createLedger(): Ledger {
  const deeds = new Map<string, Map<string, number>>();
  const events = new Map<string, Told>();
  const refusers = new Set<string>();
  return {
    did(visitor, event) {
      const own = deeds.get(visitor) ?? new Map<string, number>();
      own.set(event, (own.get(event) ?? 0) + 1);
      deeds.set(visitor, own);
    },
    told: (told) => void events.set(told.messageId, told),
    refused: (visitor) => void refusers.add(visitor),
    deeds,
    events,
    refusers,
  };
}
