/** How much is being worked on, so that a flood is turned away and does not fill the memory. */
export interface InFlight {
  /**
   * Lets a request in; says why not if there is no room for it, or its sender has too many under way already.
   *
   * @param declaredBytes - what it says it will bring. Only what came takes up room: promises cost their sender nothing.
   * @param sender - whom it counts for; `undefined` if that cannot be told
   */
  enter(declaredBytes: number, sender: string | undefined): Visit | 'full' | 'sender-full';
  requests(): number;
  /** Bytes of all that is worked on. */
  bytes(): number;
  /** Resolves when nobody is left. */
  idle(): Promise<void>;
}

export interface Visit {
  /** Says how much it weighs by now. False if there is no room for it; then it weighs nothing. */
  weigh(bytes: number): boolean;
  leave(): void;
}

/** How many of all requests one sender may have under way: bodies that come slowly must not keep everybody else out. */
const shareOfSender = 0.1;

export function createInFlight(maxRequests: number, maxBytes: number): InFlight {
  const maxOfSender = Math.max(1, Math.floor(maxRequests * shareOfSender));
  const bySender = new Map<string, number>();
  let requests = 0;
  let total = 0;
  let waiters: (() => void)[] = [];

  function count(sender: string | undefined, change: 1 | -1): void {
    requests += change;
    if (sender === undefined) return;
    const now = (bySender.get(sender) ?? 0) + change;
    if (now === 0) bySender.delete(sender);
    else bySender.set(sender, now);
  }

  return {
    enter(declaredBytes, sender) {
      if (requests >= maxRequests || (total > 0 && total + declaredBytes > maxBytes)) return 'full';
      if (sender !== undefined && (bySender.get(sender) ?? 0) >= maxOfSender) return 'sender-full';
      count(sender, 1);
      let weight = 0;
      return {
        weigh(bytes) {
          const others = total - weight;
          const fits = others === 0 || others + bytes <= maxBytes; // one alone always does
          weight = fits ? bytes : 0;
          total = others + weight;
          return fits;
        },
        leave() {
          count(sender, -1);
          total -= weight;
          if (requests > 0) return;
          for (const resolve of waiters) resolve();
          waiters = [];
        },
      };
    },
    requests: () => requests,
    bytes: () => total,
    idle: () => (requests === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
  };
}
