/** What /live shows of an event: enough to follow it, and no more. */
export interface LiveEvent {
  readonly id: string;
  /** ISO 8601. */
  readonly receivedAt: string;
  readonly source: 'browser' | 'server';
  readonly status: string;
  readonly type: string;
  readonly name: string;
  readonly who: string;
  readonly page: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Why it was not stored, path and code; empty if it was. */
  readonly problem: string;
}

/** The latest events for those who come late, and each new one for those who are there. */
export function createLiveFeed(keep = 100): LiveFeed {
  const recent: LiveEvent[] = []; // oldest first
  const listeners = new Set<(event: LiveEvent) => void>();
  return {
    push(event) {
      recent.push(event);
      if (recent.length > keep) recent.shift();
      for (const listener of listeners) listener(event);
    },
    follow(listener) {
      for (const event of recent) listener(event);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export interface LiveFeed {
  push(event: LiveEvent): void;
  /** Hears the kept events, then every new one, until the returned function is called. */
  follow(listener: (event: LiveEvent) => void): () => void;
}
