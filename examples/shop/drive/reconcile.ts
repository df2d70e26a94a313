import type { Ledger, Told } from './ledger.ts';

/** One row of `/insights/reconcile.json`. */
export interface Stored {
  readonly messageId: string;
  readonly event: string;
  readonly type: string;
  readonly source: 'browser' | 'server';
  readonly anonymousId: string | null;
  readonly userAgent: string;
  readonly count: number;
}

/** The books for one kind of event. */
export interface EventRow {
  readonly event: string;
  /** What visitors who agreed did by hand; undefined where pages make events by themselves. */
  readonly did: number | undefined;
  /** Events that pages and server said they recorded. */
  readonly told: number;
  /** Of those: in DuckDB. */
  readonly stored: number;
  /** Told and not in DuckDB, or done and never recorded. */
  readonly missing: number;
  /** Stored rows beyond one per event. */
  readonly doubled: number;
  /** In DuckDB, told by nobody we heard: the last words of a page that was closed, an answer that died with a server. */
  readonly unheard: number;
}

export interface Reconciliation {
  readonly rows: readonly EventRow[];
  /** The told events that are not stored, one by one. */
  readonly lost: readonly Told[];
  /** Events of pages with a blocker that came all the same: must be 0. */
  readonly letThrough: number;
  /** What visitors who refused did, and how much of it is stored: must be 0. */
  readonly refusal: { readonly visitors: number; readonly deeds: number; readonly stored: number };
}

/** Compares what happened with what is stored, event by event. Pure. */
export function reconcile(
  ledger: Ledger,
  stored: readonly Stored[],
  visitorOf: (row: Stored) => string,
): Reconciliation {
  const fromRefusers = stored.filter((row) => ledger.refusers.has(visitorOf(row)));
  const byId = new Map(stored.map((row) => [row.messageId, row]));
  const told = [...ledger.events.values()];
  const deeds = new Map<string, number>();
  let refusedDeeds = 0;
  for (const [visitor, own] of ledger.deeds) {
    for (const [event, count] of own) {
      if (ledger.refusers.has(visitor)) refusedDeeds += count;
      else deeds.set(event, (deeds.get(event) ?? 0) + count);
    }
  }

  const names = new Set([...deeds.keys(), ...told.map(({ event }) => event), ...stored.map(({ event }) => event)]);
  const rows = [...names].sort().map((event): EventRow => {
    const ids = told.filter((one) => one.event === event).map(({ messageId }) => messageId);
    const rowsOfEvent = stored.filter((row) => row.event === event);
    const found = ids.filter((id) => byId.has(id)).length;
    const unheard = rowsOfEvent.filter((row) => !ledger.events.has(row.messageId)).length;
    const did = deeds.get(event);
    return {
      event,
      did,
      told: ids.length,
      stored: found,
      missing: ids.length - found + Math.max(0, (did ?? 0) - ids.length - unheard),
      doubled: rowsOfEvent.reduce((sum, { count }) => sum + count - 1, 0),
      unheard,
    };
  });
  return {
    rows,
    letThrough: stored.filter((row) => row.source === 'browser' && ledger.blockers.has(visitorOf(row))).length,
    lost: told.filter(({ messageId }) => !byId.has(messageId)),
    refusal: {
      visitors: ledger.refusers.size,
      deeds: refusedDeeds,
      stored: fromRefusers.length + told.filter(({ visitor }) => ledger.refusers.has(visitor)).length,
    },
  };
}

/** The steps of the funnel, as the visitors really took them. */
export function funnelOf(ledger: Ledger): readonly number[] {
  const steps = ['Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed'];
  const agreed = [...ledger.deeds].filter(([visitor]) => !ledger.refusers.has(visitor)).map(([, own]) => own);
  return steps.map((_, at) => agreed.filter((own) => steps.slice(0, at + 1).every((step) => own.has(step))).length);
}
