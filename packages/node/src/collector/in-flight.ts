/** How much is being worked on, so that a flood is turned away and does not fill the memory. */
export interface InFlight {
  /** Lets a request in that is thought to weigh `bytes`; `undefined` if there is no room. */
  enter(bytes: number): Visit | undefined;
  /** Resolves when nobody is left. */
  idle(): Promise<void>;
}

export interface Visit {
  /** Corrects its weight. False if there is no room for it. */
  weigh(bytes: number): boolean;
  leave(): void;
}

export function createInFlight(maxRequests: number, maxBytes: number): InFlight {
  let requests = 0;
  let total = 0;
  let waiters: (() => void)[] = [];

  return {
    enter(bytes) {
      if (requests >= maxRequests || (total > 0 && total + bytes > maxBytes)) return undefined;
      requests++;
      total += bytes;
      let weight = bytes;
      return {
        weigh(actual) {
          total += actual - weight;
          weight = actual;
          return total <= maxBytes || total === actual;
        },
        leave() {
          requests--;
          total -= weight;
          if (requests > 0) return;
          for (const resolve of waiters) resolve();
          waiters = [];
        },
      };
    },
    idle: () => (requests === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
  };
}
