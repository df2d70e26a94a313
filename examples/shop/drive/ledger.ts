/** One event that a visitor's page, or the server's answer to it, told us about. */
export interface Told {
  readonly messageId: string;
  readonly event: string;
  readonly visitor: string;
  /** Path of the page it happened on. */
  readonly page: string;
}

/** A page that the server answered with, as the browser saw it come. */
export interface Opened {
  readonly visitor: string;
  /** The visitor had said yes before it was asked for, so its page view was to be expected. */
  readonly isExpected: boolean;
}

/** What only the server can know, and so no blocker can hide. */
const serverEvents: ReadonlySet<string> = new Set([
  'Signed Up',
  'Signed In',
  'Payment Failed',
  'Payment Succeeded',
  'Order Completed',
]);

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
  /** This visitor has a content blocker: what the pages tell is stopped, and only the server's word is to be found. */
  blocked(visitor: string): void;
  opened(pageViewId: string, opened: Opened): void;
  ordered(orderId: string, visitor: string): void;
  readonly deeds: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly events: ReadonlyMap<string, Told>;
  readonly refusers: ReadonlySet<string>;
  readonly blockers: ReadonlySet<string>;
  /** By the id that the answer had. */
  readonly pages: ReadonlyMap<string, Opened>;
  /** Who placed which order. */
  readonly orders: ReadonlyMap<string, string>;
}

export function createLedger(): Ledger {
  const deeds = new Map<string, Map<string, number>>();
  const events = new Map<string, Told>();
  const refusers = new Set<string>();
  const blockers = new Set<string>();
  const pages = new Map<string, Opened>();
  const orders = new Map<string, string>();
  const isHidden = (visitor: string, event: string): boolean => blockers.has(visitor) && !serverEvents.has(event);
  return {
    did(visitor, event) {
      if (isHidden(visitor, event)) return;
      const own = deeds.get(visitor) ?? new Map<string, number>();
      own.set(event, (own.get(event) ?? 0) + 1);
      deeds.set(visitor, own);
    },
    told(told) {
      if (!isHidden(told.visitor, told.event)) events.set(told.messageId, told);
    },
    refused: (visitor) => void refusers.add(visitor),
    blocked: (visitor) => void blockers.add(visitor),
    opened: (pageViewId, opened) => void pages.set(pageViewId, opened),
    ordered: (orderId, visitor) => void orders.set(orderId, visitor),
    deeds,
    events,
    refusers,
    blockers,
    pages,
    orders,
  };
}
