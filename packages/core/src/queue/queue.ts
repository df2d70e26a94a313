import type { Entry, Verdict } from '../event/entry.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Clock } from '../runtime/clock.ts';
import { type OnDiagnostic, report } from '../runtime/diagnostics.ts';
import type { SendOutcome, SendVerdict, Transport } from '../transport/transport.ts';
import type { RetryPolicy } from './retry-policy.ts';

export interface QueueLimits extends RetryPolicy {
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
  /** So many events more are in the books. */
  accept(howMany: number): void;
  /** Takes an accepted entry. A returned promise tells whether it became durable; none means memory only. */
  add(entry: Entry<T>): void | Promise<boolean>;
  /** Accepts an event that goes no further, so that it is in the books. */
  refuse(id: string, reason: string): void;
  /** Sends what waits; resolves when nothing waits or is under way any more, or after `deadlineMs` (10,000). */
  flush(options?: { readonly deadlineMs?: number }): Promise<void>;
  /** Asks `allow` about everything that waits and drops what it denies. */
  sweep(): void;
  /** The page or process may go away: hands over at once all that may leave now. */
  exit(): void;
  /** The one listener that hears each entry's fate. */
  onSettled(listener: (id: string, verdict: Verdict) => void): void;
  stats(): QueueStats;
  /** Flushes, then stops for good. What a memory outbox still holds is dropped as `shutdown`. */
  shutdown(options?: { readonly deadlineMs?: number }): Promise<void>;
}

/** An outcome as we read it: whatever its kind, what it may say. */
type Answer = SendOutcome & {
  readonly reason?: string;
  readonly retryAfterMs?: number;
  readonly verdicts?: ReadonlyMap<string, SendVerdict>;
};

/** Ends a wait, of a batch with its answer; no answer came if the time was up. */
type End = (answer?: Answer) => void;

type Counts = Record<string, number>;

const never = Infinity;

/** The delivery engine. It runs browser → collector, server → collector and log → each destination alike. */
export function createQueue<T = string>({
  clock,
  random = Math.random,
  transport,
  onDiagnostic,
  allow = () => true,
  outbox,
  limits: {
    timeoutMs = 15_000,
    maxDelayMs = 60_000,
    maxEvents = 100, // lowered by a far end that takes less
    maxBytes = 49_152,
    concurrency = 1,
    maxWaitMs = 2_000,
    baseDelayMs = 1_000,
  } = {},
}: QueueOptions<T>): Queue<T> {
  // Without a prototype: a reason may have the name of anything, `constructor` too.
  const books = {
    accepted: 0,
    delivered: 0,
    dropped: { __proto__: null } as unknown as Counts,
    dead: { __proto__: null } as unknown as Counts,
    pending: 0,
  };
  const inHand = new Set<End>(); // batches without an answer, and entries to be tried later than the others
  const flushes = new Set<End>();
  let tell: ((id: string, verdict: Verdict) => void) | undefined;
  let lanesInUse = 0;
  let waitedAt = never; // when the oldest waiting entry has waited long enough
  let restUntil = 0; // nothing leaves before this moment of `clock.elapsed()`
  let plannedAt = never;
  let isClosed = false;
  let isFailing = false; // no answer came last: one batch at a time finds out whether the far end is back
  let closing: Promise<void> | undefined;
  let cancelPlan: (() => void) | undefined;

  /** Waits among `others` until somebody calls the function it returns, at most for `limitMs`; then `end` runs, once. */
  function wait(others: Set<End>, limitMs: number, end: End): End {
    const endOnce: End = (answer) => {
      cancel();
      if (others.delete(endOnce)) end(answer);
    };
    const cancel = clock.after(limitMs, endOnce);
    others.add(endOnce);
    return endOnce;
  }

  function count(id: string, verdict: Verdict): void {
    books.pending--;
    if (verdict.kind === 'delivered') books.delivered++;
    else {
      // What a far end says may be anything.
      const losses = verdict.kind === 'dropped' ? books.dropped : books.dead;
      losses[verdict.reason] = (losses[verdict.reason] ?? 0) + 1;
    }
    tell?.(id, verdict);
  }

  function settle(id: string, verdict: Verdict): void {
    count(id, verdict);
    void outbox.settle(id, verdict);
  }

  const drop = (id: string, reason: string): void => settle(id, { kind: 'dropped', reason });

  /** What consent still covers; the rest is dropped. */
  const allowed = (entries: readonly Entry<T>[]): readonly Entry<T>[] =>
    entries.filter((entry) => allow(entry) || drop(entry.id, 'consent'));

  /** Hands entries back to the outbox, where they are the oldest again; by default they have waited long enough. */
  function giveBack(entries: readonly Entry<T>[], dueAt = 0): void {
    outbox.release(entries);
    waitedAt = dueAt;
    pump();
  }

  /** Sends what is due, or with `isLater` leaves that to the next turn: never is it the caller's own. */
  function pump(isLater?: boolean, isLeaving = false): void {
    for (;;) {
      const now = clock.elapsed();
      const { waitingBytes, waiting } = outbox.depth();
      // An empty queue forgets how long anything waited: what comes next begins anew.
      waitedAt = waiting ? Math.min(waitedAt, now + maxWaitMs) : never;
      if (isClosed || !(waiting + inHand.size)) {
        outbox.rest?.();
        for (const done of flushes) done();
      }
      // With no lane free the next answer wakes us.
      if (isClosed || (!isLeaving && lanesInUse >= (isFailing ? 1 : concurrency))) return;
      const at = Math.max(
        restUntil,
        now,
        waiting && (isLeaving || flushes.size || waitingBytes >= maxBytes || waiting >= maxEvents) ? 0 : waitedAt,
      );
      if (at > now || isLater) {
        if (at < plannedAt) {
          cancelPlan?.();
          plannedAt = at;
          cancelPlan = clock.after(at - now, () => {
            plannedAt = never;
            pump();
          });
        }
        return;
      }
      send(isLeaving);
    }
  }

  /** Sends one batch. */
  function send(isLeaving: boolean): void {
    const pulled = outbox.pull({ maxEvents, maxBytes });
    // An outbox that gives nothing although something waits is in trouble: look again after a while.
    if (!pulled[0]) restUntil = clock.elapsed() + baseDelayMs;
    const entries = allowed(pulled);
    const [oldest] = entries;
    if (!oldest) return;
    lanesInUse++;
    const controller = new AbortController();
    const end = wait(inHand, timeoutMs, (answer) => {
      lanesInUse--;
      if (!answer) controller.abort();
      decide(entries, answer);
      pump();
    });
    transport
      .send(entries, { attempt: oldest.tries ?? 0, exit: isLeaving, signal: controller.signal })
      .then(end, () => end({ kind: 'retry', reason: 'network' }));
  }

  /** What an answer means for its batch, and for those behind it. */
  function decide(entries: readonly Entry<T>[], answer: Answer = { kind: 'retry', reason: 'timeout' }): void {
    const { verdicts, ...common } = answer;
    const { reason, retryAfterMs = 0 } = common;
    isFailing = common.kind === 'retry';
    // Nobody will answer. The entries stay leased, for whoever opens the outbox next.
    if (common.kind === 'unconfirmed') return;
    if (isClosed || (reason === 'too-large' && entries[1])) {
      maxEvents = Math.min(maxEvents, entries.length >> 1);
      return giveBack(entries);
    }
    // Full jitter: any wait up to the bound is as likely, so that clients do not come back together after an outage.
    let waitMs = retryAfterMs + random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (entries[0]?.tries ?? 0));
    const again = entries.filter((entry) => {
      const verdict = verdicts?.get(entry.id) ?? common;
      if (verdict.kind !== 'retry') return settle(entry.id, verdict);
      // A far end that names its time is alive: waiting for it does not make later waits longer.
      if (verdict.retryAfterMs) waitMs = Math.max(waitMs, verdict.retryAfterMs);
      else entry.tries = (entry.tries ?? 0) + 1;
      return true;
    });
    if (isFailing) {
      // Its wish binds the next batch too.
      restUntil = Math.max(restUntil, clock.elapsed() + waitMs);
      giveBack(again);
    } else if (again[0]) wait(inHand, waitMs, () => giveBack(again));
    // Last: a listener that flushes finds what it hears of.
    if (reason) report(onDiagnostic, 'send-failed', reason);
  }

  const flush = ({ deadlineMs = 10_000 }: { readonly deadlineMs?: number } = {}): Promise<void> =>
    new Promise((resolve) => {
      wait(flushes, deadlineMs, resolve as End);
      pump();
    });

  function close(): void | Promise<void> {
    isClosed = true;
    cancelPlan?.();
    for (const end of inHand) end();
    return outbox.close();
  }

  function accept(howMany: number): void {
    books.accepted += howMany;
    books.pending += howMany;
  }

  outbox.open({
    onDropped: drop,
    onArrived(arrived, hasWaited) {
      accept(arrived);
      if (hasWaited) waitedAt = 0;
      pump(true);
    },
  });

  return {
    add(entry) {
      const stored = outbox.add(entry);
      pump(true);
      return stored;
    },
    accept,
    refuse: (id, reason) => count(id, { kind: 'dropped', reason }),
    flush,
    sweep: () => giveBack(allowed(outbox.pull({ maxEvents: never, maxBytes: never })), waitedAt),
    exit: () => pump(false, true),
    onSettled(listener) {
      tell = listener;
    },
    stats: () => JSON.parse(JSON.stringify(books)), // all of it a copy
    shutdown: (deadline) => (closing ??= flush(deadline).then(close)),
  };
}
