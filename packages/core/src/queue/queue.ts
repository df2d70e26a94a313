import type { Entry, Verdict } from '../event/entry.ts';
import { batchEnd } from '../outbox/batch-end.ts';
import type { BatchLimits, Outbox, Settlement } from '../outbox/outbox.ts';
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
  readonly limits?: Partial<QueueLimits>;
  /** Asked again for each entry that is about to leave; those denied are dropped as `consent`. */
  readonly allow?: (entry: Entry<T>) => boolean;
  readonly onDiagnostic?: OnDiagnostic;
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
  /** Sends what waits; resolves when all entries accepted before have their fate, or after `deadlineMs` (10,000). */
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

/** Entries that travel together until their fate is known. */
interface Batch<T> {
  readonly entries: readonly Entry<T>[];
  /** Tries that count against the retry policy. */
  readonly attempt: number;
  /** Not to be sent before this moment of `clock.elapsed()`. */
  readonly notBefore: number;
  /** Place of the first entry among all that ever left the outbox: keeps order, and tells a flush when it is done. */
  readonly place: number;
}

const defaultLimits: QueueLimits = {
  maxEvents: 100,
  maxBytes: 48 * 1024,
  maxWaitMs: 2_000,
  concurrency: 1,
  timeoutMs: 15_000,
  retry: { baseDelayMs: 1_000, maxDelayMs: 60_000, maxAttempts: Number.POSITIVE_INFINITY },
};

/** Default patience of `flush` and `shutdown`, milliseconds. */
const defaultDeadlineMs = 10_000;

const delivered: Verdict = { kind: 'delivered' };
const failed: SendOutcome = { kind: 'retryable', reason: 'network' };
const timedOut: SendOutcome = { kind: 'retryable', reason: 'timeout' };

/** The delivery engine. It runs browser → collector, server → collector and log → each destination alike. */
export function createQueue<T = string>(options: QueueOptions<T>): Queue<T> {
  const { outbox, transport, clock, random = Math.random, allow, onDiagnostic } = options;
  const limits: QueueLimits = { ...defaultLimits, ...options.limits };

  let accepted = 0;
  let deliveries = 0;
  const dropped: Record<string, number> = {};
  const dead: Record<string, number> = {};
  const listeners: ((id: string, verdict: Verdict) => void)[] = [];

  const inFlight = new Map<Batch<T>, AbortController>();
  let retries: Batch<T>[] = []; // in order of place
  let left = 0; // how many entries ever left the outbox's waiting line
  let pulling = false;
  let maxEvents = limits.maxEvents; // what the far end has taught us
  let dueAt = Number.POSITIVE_INFINITY; // when the oldest waiting entry has waited long enough
  let restUntil = 0; // nothing leaves before this moment of `clock.elapsed()`
  let failing = false; // the last answer was no answer: one batch at a time finds out whether the far end is back
  let leaving = false;
  let closed = false;
  let closing: Promise<void> | undefined;
  let flushes: { readonly upTo: number; readonly done: () => void }[] = [];
  let plannedAt = Number.POSITIVE_INFINITY;
  let cancelPlan = (): void => {};

  const batchLimits = (): BatchLimits => ({ maxEvents, maxBytes: limits.maxBytes });
  const width = (): number => (leaving ? Number.POSITIVE_INFINITY : failing ? 1 : limits.concurrency);

  function settle(settlements: readonly Settlement[]): void {
    if (settlements.length === 0) return;
    for (const { id, verdict } of settlements) count(id, verdict);
    void outbox.settle(settlements);
  }

  function settleAll(entries: readonly Entry<T>[], verdict: Verdict): void {
    settle(entries.map(({ id }) => ({ id, verdict })));
  }

  function count(id: string, verdict: Verdict): void {
    if (verdict.kind === 'delivered') deliveries++;
    else {
      const losses = verdict.kind === 'dropped' ? dropped : dead;
      losses[verdict.reason] = (losses[verdict.reason] ?? 0) + 1;
    }
    for (const listener of listeners) listener(id, verdict);
  }

  /** Drops what consent no longer covers; returns the rest. */
  function allowed(entries: readonly Entry<T>[]): readonly Entry<T>[] {
    if (allow === undefined || entries.every(allow)) return entries;
    const denied = entries.filter((entry) => !allow(entry));
    settleAll(denied, { kind: 'dropped', reason: 'consent' });
    return entries.filter(allow);
  }

  /** Keeps entries for another try, in batches no larger than the far end takes. */
  function keep({ entries, attempt, notBefore, place }: Batch<T>): void {
    for (let from = 0; from < entries.length; ) {
      const end = batchEnd(entries, from, batchLimits());
      retries.push({ entries: entries.slice(from, end), attempt, notBefore, place: place + from });
      from = end;
    }
    retries.sort((a, b) => a.place - b.place);
  }

  function isDue(now: number): boolean {
    const { waiting, waitingBytes } = outbox.depth();
    if (waiting === 0) {
      dueAt = Number.POSITIVE_INFINITY;
      return false;
    }
    const isWanted = leaving || flushes.some(({ upTo }) => left < upTo);
    return isWanted || now >= dueAt || waiting >= maxEvents || waitingBytes >= limits.maxBytes;
  }

  /** Sends all that is ready, and plans the next look. */
  function pump(): void {
    cancelPlan();
    plannedAt = Number.POSITIVE_INFINITY;
    if (closed) return;
    const now = clock.elapsed();
    while (now >= restUntil && inFlight.size < width()) {
      const ready = retries.find(({ notBefore }) => notBefore <= now);
      if (ready !== undefined) {
        retries = retries.filter((batch) => batch !== ready);
        send(ready);
      } else if (!pulling && isDue(now)) pull();
      else break;
    }
    concludeFlushes();
    // With no lane free the next answer wakes us; while pulling, the pulled entries do.
    if (inFlight.size >= width() || pulling) return;
    const nextAt = Math.min(isDue(now) ? now : dueAt, ...retries.map(({ notBefore }) => notBefore));
    if (nextAt < Number.POSITIVE_INFINITY) plan(Math.max(nextAt, restUntil));
  }

  function plan(at: number): void {
    if (at >= plannedAt || closed) return;
    cancelPlan();
    plannedAt = at;
    cancelPlan = clock.after(Math.max(0, at - clock.elapsed()), pump);
  }

  function pull(): void {
    pulling = true;
    const pulled = outbox.pull(batchLimits());
    if ('then' in pulled) pulled.then(leave, () => leave([])).then(pump);
    else leave(pulled);
  }

  function leave(entries: readonly Entry<T>[]): void {
    pulling = false;
    const place = left;
    left += entries.length;
    if (entries.length > 0) send({ entries, attempt: 0, notBefore: 0, place });
    // An outbox that gives nothing although something waits is in trouble: look again after a while.
    else restUntil = Math.max(restUntil, clock.elapsed() + limits.retry.baseDelayMs);
  }

  function send(pulled: Batch<T>): void {
    const entries = allowed(pulled.entries);
    const batch = { ...pulled, entries };
    if (entries.length === 0) return;
    if (entries.length > maxEvents) return keep(batch); // the far end has since taught us to send less
    const controller = new AbortController();
    inFlight.set(batch, controller);
    const conclude = (outcome: SendOutcome): void => {
      cancelTimeout();
      if (!inFlight.delete(batch)) return; // it answered after we stopped waiting
      decide(batch, outcome);
      pump();
    };
    const cancelTimeout = clock.after(limits.timeoutMs, () => {
      conclude(timedOut);
      controller.abort();
    });
    const sending = { attempt: batch.attempt, exit: leaving, signal: controller.signal };
    try {
      transport.send(entries, sending).then(conclude, () => conclude(failed));
    } catch {
      conclude(failed);
    }
  }

  /** What an outcome means for its batch, and for those behind it. */
  function decide(batch: Batch<T>, outcome: SendOutcome): void {
    const { entries, place } = batch;
    const now = clock.elapsed();
    failing = outcome.kind === 'retryable';
    switch (outcome.kind) {
      case 'settled': {
        const again: Entry<T>[] = [];
        const settlements: Settlement[] = [];
        let waitMs = 0;
        for (const entry of entries) {
          const verdict = outcome.verdicts?.get(entry.id) ?? delivered;
          if (verdict.kind !== 'retry') settlements.push({ id: entry.id, verdict });
          else {
            again.push(entry);
            waitMs = Math.max(waitMs, verdict.retryAfterMs ?? 0);
          }
        }
        settle(settlements);
        tryAgain({ ...batch, entries: again, attempt: batch.attempt + 1 }, (delayMs) => now + waitMs + delayMs);
        break;
      }
      case 'retryable': {
        report(onDiagnostic, 'send-failed', `A batch of ${entries.length} could not be sent (${outcome.reason}).`);
        // A far end that names its time is alive: waiting for it does not use up tries.
        const { retryAfterMs } = outcome;
        const attempt = batch.attempt + (retryAfterMs === undefined ? 1 : 0);
        restUntil = Math.max(restUntil, now + (retryAfterMs ?? 0));
        tryAgain({ ...batch, attempt }, (delayMs) => {
          restUntil = Math.max(restUntil, now + (retryAfterMs ?? 0) + delayMs);
          return 0;
        });
        break;
      }
      case 'too-large':
        if (entries.length > 1) {
          maxEvents = Math.min(maxEvents, entries.length >> 1);
          keep({ ...batch, attempt: 0, notBefore: 0 });
        } else settleAll(entries, { kind: 'dead', reason: 'too-large' });
        break;
      case 'rejected':
        report(onDiagnostic, 'send-rejected', `A batch of ${entries.length} was refused (${outcome.reason}).`);
        settleAll(entries, { kind: 'dead', reason: outcome.reason });
        break;
      case 'unconfirmed':
        // Nobody will answer. The entries stay leased: pending, and sent again by whoever opens the outbox next.
        break;
    }
  }

  /** Keeps a batch for its next try, or gives it up when the policy says so. */
  function tryAgain(batch: Batch<T>, notBeforeOf: (delayMs: number) => number): void {
    const delayMs = retryDelayMs(limits.retry, Math.max(1, batch.attempt), random());
    if (batch.entries.length === 0) return;
    if (delayMs === undefined) settleAll(batch.entries, { kind: 'dropped', reason: 'gave-up' });
    else keep({ ...batch, notBefore: notBeforeOf(delayMs) });
  }

  /** Everything accepted before a flush has its fate when no batch from before it is held any more. */
  function concludeFlushes(): void {
    if (flushes.length === 0) return;
    const held = [...inFlight.keys(), ...retries].map(({ place }) => place);
    const settledUpTo = Math.min(left, ...held);
    for (const { done } of flushes.filter(({ upTo }) => upTo <= settledUpTo)) done();
  }

  function flush({ deadlineMs = defaultDeadlineMs }: { readonly deadlineMs?: number } = {}): Promise<void> {
    if (closed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancelDeadline();
        flushes = flushes.filter((other) => other !== wanted);
        resolve();
      };
      const wanted = { upTo: accepted, done };
      const cancelDeadline = clock.after(deadlineMs, done);
      flushes.push(wanted);
      pump();
    });
  }

  outbox.open({
    onDropped(ids, reason) {
      left += ids.length;
      for (const id of ids) count(id, { kind: 'dropped', reason });
    },
    onArrived(arrived) {
      accepted += arrived;
      noticeWaiting();
    },
  });

  function noticeWaiting(): void {
    if (dueAt === Number.POSITIVE_INFINITY) dueAt = clock.elapsed() + limits.maxWaitMs;
    const { waiting, waitingBytes } = outbox.depth();
    const isFull = waiting >= maxEvents || waitingBytes >= limits.maxBytes;
    // Never in the caller's own turn: a full batch leaves in the next one.
    if (inFlight.size < width() && !pulling) plan(Math.max(isFull ? 0 : dueAt, restUntil));
  }

  async function close(deadline: { readonly deadlineMs?: number } | undefined): Promise<void> {
      await flush(deadline);
      closed = true;
      cancelPlan();
      const held = [...inFlight.keys(), ...retries];
      const controllers = [...inFlight.values()];
      inFlight.clear();
      for (const controller of controllers) controller.abort();
      if (!outbox.durable) {
        const waiting = await outbox.pull({ maxEvents: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY });
        settleAll([...held.flatMap(({ entries }) => entries), ...waiting], { kind: 'dropped', reason: 'shutdown' });
      }
      await outbox.close();
  }

  return {
    add(entry) {
      accepted++;
      const stored = outbox.add([entry]);
      noticeWaiting();
      return stored;
    },
    flush,
    async sweep() {
      for (;;) {
        const entries = await outbox.pull({ maxEvents: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY });
        if (entries.length === 0) break;
        const place = left;
        left += entries.length;
        keep({ entries, attempt: 0, notBefore: 0, place });
      }
      const held = retries;
      retries = [];
      for (const batch of held) keep({ ...batch, entries: allowed(batch.entries) });
      pump();
    },
    exit() {
      leaving = true;
      pump();
      leaving = false;
      pump();
    },
    onSettled(listener) {
      listeners.push(listener);
    },
    stats() {
      const { waiting, leased } = outbox.depth();
      return { accepted, delivered: deliveries, dropped: { ...dropped }, dead: { ...dead }, pending: waiting + leased };
    },
    shutdown: (deadline) => (closing ??= close(deadline)),
  };
}
