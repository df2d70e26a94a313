import type { Entry, Verdict } from '../event/entry.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Clock } from '../runtime/clock.ts';
import { type OnDiagnostic, report } from '../runtime/diagnostics.ts';
import type { SendOutcome, Transport } from '../transport/transport.ts';
import { type RetryPolicy, retryDelayMs } from './retry-policy.ts';

export interface QueueLimits {
  /** Events in one batch at most; a far end that says "too large" lowers it for good. Default 100. */
  readonly maxEvents: number;
  /** Bytes of events in one batch at most. Default 48 KiB: below the 64 KiB a page may have under way when it closes. */
  readonly maxBytes: number;
  /** How long an event waits for company, milliseconds. Default 2,000. */
  readonly maxWaitMs: number;
  /** Batches under way at once. Default 1, which keeps order. */
  readonly concurrency: number;
  /** When to stop waiting for an answer, milliseconds. Default 15,000. */
  readonly timeoutMs: number;
  /** Default: up to 1 s, doubling to 60 s, without end: what may be lost is the outbox's decision. */
  readonly retry: RetryPolicy;
}

export interface QueueOptions<T> {
  readonly outbox: Outbox<T>;
  readonly transport: Transport<T>;
  readonly clock: Clock;
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  readonly limits?: Partial<QueueLimits> | undefined;
  /** Asked again for each entry that is about to leave; those denied are dropped as `consent`. */
  readonly allow?: (entry: Entry<T>) => boolean;
  readonly onDiagnostic?: OnDiagnostic | undefined;
}

/** The books of a queue: `accepted = delivered + sum(dropped) + sum(dead) + pending`. */
export interface QueueStats {
  readonly accepted: number;
  readonly delivered: number;
  readonly dropped: { readonly [reason: string]: number };
  readonly dead: { readonly [reason: string]: number };
  readonly pending: number;
}

/** Decides when a batch leaves and what its fate means. */
export interface Queue<T = string> {
  /** Accepts an entry. A returned promise tells whether it became durable; none means memory only. */
  add(entry: Entry<T>): void | Promise<boolean>;
  /** Accepts an event that goes no further, so that it is in the books. */
  refuse(id: string, reason: string): void;
  /** Sends what waits; resolves when nothing waits or is under way any more, or after `deadlineMs` (10,000). */
  flush(options?: { readonly deadlineMs?: number }): Promise<void>;
  /** Asks `allow` about everything that waits and drops what it denies. */
  sweep(): Promise<void>;
  /** The page or process may go away: hands over at once all that may leave now. */
  exit(): void;
  /** Hears each entry's fate. */
  onSettled(listener: (id: string, verdict: Verdict) => void): void;
  stats(): QueueStats;
  /** Flushes, then stops for good. What a memory outbox still holds is dropped as `shutdown`. */
  shutdown(options?: { readonly deadlineMs?: number }): Promise<void>;
}

const never = Infinity;

const defaultLimits: QueueLimits = {
  maxEvents: 100,
  maxBytes: 49_152,
  maxWaitMs: 2_000,
  concurrency: 1,
  timeoutMs: 15_000,
  retry: { baseDelayMs: 1_000, maxDelayMs: 60_000, maxAttempts: never },
};

/** The delivery engine. It runs browser → collector, server → collector and log → each destination alike. */
export function createQueue<T = string>(options: QueueOptions<T>): Queue<T> {
  const { outbox, transport, clock, random = Math.random, allow = () => true, onDiagnostic } = options;
  const limits: QueueLimits = { ...defaultLimits, ...options.limits };

  let accepted = 0;
  let delivered = 0;
  const losses: Record<'dropped' | 'dead', Record<string, number>> = { dropped: {}, dead: {} };
  const listeners: ((id: string, verdict: Verdict) => void)[] = [];

  const leased = new Set<Entry<T>>(); // pulled, and we wait for their fate
  const tries = new Map<string, number>(); // failed tries of entries that failed
  const inFlight = new Set<(outcome?: SendOutcome) => void>(); // for each batch under way, what ends our wait for it
  const flushes = new Set<() => void>();
  let isPulling = false;
  let { maxEvents } = limits; // later what the far end has taught us
  let waitedAt = never; // when the oldest waiting entry has waited long enough
  let restUntil = 0; // nothing leaves before this moment of `clock.elapsed()`
  let isFailing = false; // no answer came last: one batch at a time finds out whether the far end is back
  let isLeaving = false;
  let isClosed = false;
  let closing: Promise<void> | undefined;
  let plannedAt = never;
  let cancelPlan = (): void => {};

  const rest = (delayMs: number): void => {
    restUntil = Math.max(restUntil, clock.elapsed() + delayMs);
  };

  function count(ids: readonly string[], verdict: Verdict): void {
    for (const id of ids) {
      tries.delete(id);
      if (verdict.kind === 'delivered') delivered++;
      else losses[verdict.kind][verdict.reason] = (losses[verdict.kind][verdict.reason] ?? 0) + 1;
      for (const listener of listeners) listener(id, verdict);
    }
  }

  const letGo = (entries: readonly Entry<T>[]): readonly string[] =>
    entries.map((entry) => {
      leased.delete(entry);
      return entry.id;
    });

  function settle(entries: readonly Entry<T>[], verdict: Verdict): void {
    const ids = letGo(entries);
    count(ids, verdict);
    if (ids[0]) void outbox.settle(ids, verdict);
  }

  const drop = (entries: readonly Entry<T>[], reason: string): void => settle(entries, { kind: 'dropped', reason });

  /** Hands entries back to the outbox, where they are the oldest again. */
  function release(entries: readonly Entry<T>[]): void {
    letGo(entries);
    outbox.release(entries);
  }

  /** When the next batch of waiting entries is to leave, by `clock.elapsed()`. */
  function dueAt(): number {
    const { waiting, waitingBytes } = outbox.depth();
    waitedAt = waiting ? Math.min(waitedAt, clock.elapsed() + limits.maxWaitMs) : never;
    const isDue = isLeaving || flushes.size || waiting >= maxEvents || waitingBytes >= limits.maxBytes;
    return Math.max(restUntil, waiting && isDue ? 0 : waitedAt);
  }

  /** Sends what is ready, or with `isLater` leaves that to the next turn: never is it the caller's own. */
  function pump(isLater?: boolean): void {
    // With no lane free the next answer wakes us; while pulling, the pulled entries do.
    while (!isClosed && !isPulling && (isLeaving || inFlight.size < (isFailing ? 1 : limits.concurrency))) {
      const at = dueAt();
      const waitMs = Math.max(0, at - clock.elapsed());
      if (isLater || waitMs) {
        if (at < plannedAt) {
          cancelPlan();
          plannedAt = at;
          cancelPlan = clock.after(waitMs, () => {
            plannedAt = never;
            pump();
          });
        }
        break;
      }
      isPulling = true;
      const pulled = outbox.pull({ ...limits, maxEvents });
      if ('then' in pulled) void pulled.then(leave, () => leave([])).then(() => pump());
      else leave(pulled);
    }
    if (isClosed || !(outbox.depth().waiting + leased.size)) for (const done of flushes) done();
  }

  function leave(pulled: readonly Entry<T>[]): void {
    isPulling = false;
    // An outbox that gives nothing although something waits is in trouble: look again after a while.
    if (!pulled[0]) rest(limits.retry.baseDelayMs);
    for (const entry of pulled) leased.add(entry);
    const entries = allowed(pulled);
    const [oldest] = entries;
    if (!oldest) return;
    const controller = new AbortController();
    const conclude = (outcome?: SendOutcome): void => {
      cancelTimeout();
      // Otherwise it answered after we stopped waiting.
      if (!inFlight.delete(conclude)) return;
      if (outcome) decide(entries, outcome);
      else controller.abort();
      pump();
    };
    inFlight.add(conclude);
    const cancelTimeout = clock.after(limits.timeoutMs, () => {
      controller.abort();
      conclude({ kind: 'retryable', reason: 'timeout' });
    });
    const sending = { attempt: tries.get(oldest.id) ?? 0, exit: isLeaving, signal: controller.signal };
    new Promise<SendOutcome>((resolve) => resolve(transport.send(entries, sending))).then(conclude, () =>
      conclude({ kind: 'retryable', reason: 'network' }),
    );
  }

  /** What consent still covers; the rest is dropped. */
  function allowed(entries: readonly Entry<T>[]): readonly Entry<T>[] {
    return entries.filter((entry) => allow(entry) || drop([entry], 'consent'));
  }

  /** What an outcome means for its batch, and for those behind it. */
  function decide(entries: readonly Entry<T>[], outcome: SendOutcome): void {
    const { kind } = outcome;
    isFailing = kind === 'retryable';
    if (kind === 'settled') {
      let retryAfterMs = 0;
      const again: Entry<T>[] = [];
      const done: Entry<T>[] = [];
      for (const entry of entries) {
        const verdict = outcome.verdicts?.get(entry.id);
        if (!verdict) done.push(entry);
        else if (verdict.kind !== 'retry') settle([entry], verdict);
        else {
          again.push(entry);
          retryAfterMs = Math.max(retryAfterMs, verdict.retryAfterMs ?? 0);
        }
      }
      settle(done, { kind: 'delivered' });
      const [kept, delayMs] = tryAgain(again, 1);
      if (kept[0]) {
        clock.after(retryAfterMs + delayMs, () => {
          if (isClosed) return;
          release(kept);
          pump();
        });
      }
    } else if (kind === 'retryable') {
      report(onDiagnostic, 'send-failed', outcome.reason);
      const { retryAfterMs = 0 } = outcome;
      // A far end that names its time is alive: waiting for it does not use up tries.
      const [kept, delayMs] = tryAgain(entries, retryAfterMs ? 0 : 1);
      // Its wish binds the next batch too, even if this one is given up.
      rest(retryAfterMs + delayMs);
      release(kept);
    } else if (kind === 'too-large' && entries[1]) {
      maxEvents = Math.min(maxEvents, entries.length >> 1);
      release(entries);
    } else if (kind === 'unconfirmed') {
      // Nobody will answer. The entries stay leased, for whoever opens the outbox next.
      letGo(entries);
    } else {
      const { reason = kind } = outcome as { readonly reason?: string };
      report(onDiagnostic, 'send-rejected', reason);
      settle(entries, { kind: 'dead', reason });
    }
  }

  /** Counts a failed try. Returns the entries that may be tried again, and how long to wait for it. */
  function tryAgain(entries: readonly Entry<T>[], failures: number): readonly [readonly Entry<T>[], number] {
    const chance = random();
    let delayMs = 0;
    const kept = entries.filter((entry) => {
      const failed = (tries.get(entry.id) ?? 0) + failures;
      tries.set(entry.id, failed);
      const waitMs = retryDelayMs(limits.retry, failed, chance);
      delayMs ||= waitMs ?? 0;
      return waitMs !== undefined || drop([entry], 'gave-up');
    });
    return [kept, delayMs];
  }

  const flush = ({ deadlineMs = 10_000 }: { readonly deadlineMs?: number } = {}): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        cancelDeadline();
        flushes.delete(done);
        resolve();
      };
      const cancelDeadline = clock.after(deadlineMs, done);
      flushes.add(done);
      pump();
    });

  const pullAll = (): ReturnType<typeof outbox.pull> => outbox.pull({ maxEvents: never, maxBytes: never });

  async function close(deadline?: { readonly deadlineMs?: number }): Promise<void> {
    await flush(deadline);
    isClosed = true;
    cancelPlan();
    for (const conclude of inFlight) conclude();
    if (!outbox.durable) drop([...leased, ...(await pullAll())], 'shutdown');
    await outbox.close();
  }

  outbox.open({
    onDropped: (ids, reason) => count(ids, { kind: 'dropped', reason }),
    onArrived(arrived, hasWaited) {
      accepted += arrived;
      if (hasWaited) waitedAt = 0;
      pump(true);
    },
  });

  return {
    add(entry) {
      accepted++;
      const stored = outbox.add([entry]);
      pump(true);
      return stored;
    },
    refuse(id, reason) {
      accepted++;
      count([id], { kind: 'dropped', reason });
    },
    flush,
    async sweep() {
      // Not awaited where it need not be: in between, a flush or an exit would not see what is in our hands.
      const pulled = pullAll();
      release(allowed('then' in pulled ? await pulled : pulled));
      pump();
    },
    exit() {
      isLeaving = true;
      pump();
      isLeaving = false;
      pump(true);
    },
    onSettled(listener) {
      listeners.push(listener);
    },
    stats() {
      const { waiting, leased } = outbox.depth();
      const { dropped, dead } = losses;
      return { accepted, delivered, dropped: { ...dropped }, dead: { ...dead }, pending: waiting + leased };
    },
    shutdown: (deadline) => (closing ??= close(deadline)),
  };
}
