import { type EventContext, type OnDiagnostic, report } from '@org/track-core';

/** Whom an event is about, as far as the request tells; for a server's event, as far as the event tells. */
export interface Visitor {
  /** In full. What of it is kept is decided afterwards, by the collector's `ip`. */
  readonly ip?: string;
  readonly userAgent?: string;
  /** @param name - in lower case. A server's event has none. */
  header(name: string): string | undefined;
}

/** What was found out about a visitor. */
export interface Finding {
  /** Takes the place of what an event says itself under the same names. */
  readonly context?: EventContext;
  /** The event is not to be kept, for this reason. */
  readonly drop?: string;
}

/** Finds out more about a visitor: `userAgents()`, `bots()`, `geo({ file })`, or one of your own. */
export interface Enrichment {
  /** For diagnostics. */
  readonly name: string;
  /** Must answer at once: it stands between an event and its answer. What it throws costs the event nothing. */
  find(visitor: Visitor): Finding | undefined;
}

/** All that is found out about a visitor. */
export type Enrich = (visitor: Visitor) => Finding;

export function createEnrich(enrichments: readonly Enrichment[], onDiagnostic: OnDiagnostic | undefined): Enrich {
  const reported = new Set<string>();

  return (visitor) => {
    let context: EventContext = {};
    for (const enrichment of enrichments) {
      const finding = find(enrichment, visitor);
      if (finding?.drop !== undefined) return { drop: finding.drop };
      context = { ...context, ...finding?.context };
    }
    return { context };
  };

  function find(enrichment: Enrichment, visitor: Visitor): Finding | undefined {
    try {
      const found: unknown = enrichment.find(visitor);
      if (!(found instanceof Promise)) return found as Finding | undefined;
      found.catch(() => {}); // or its rejection would be the host's
      tell(enrichment, 'Promise');
    } catch (error) {
      // Only what kind of error: its message may repeat the visitor's address.
      tell(enrichment, error instanceof Error ? error.name : typeof error);
    }
    return undefined;
  }

  function tell({ name }: Enrichment, what: string): void {
    if (reported.has(name)) return;
    reported.add(name);
    report(onDiagnostic, 'enrichment-failed', name, what);
  }
}
