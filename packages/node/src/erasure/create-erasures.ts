import { type Clock, type Deadline, type OnDiagnostic, report } from '@org/track-core';
import type { ErasedAt } from '../dispatch/dispatcher.ts';
import type { ErasureReceipt, OpenErasure } from '../log/erasure-receipt.ts';
import { type Log, LogUnavailableError } from '../log/log.ts';
import type { PersonIds } from '../log/person.ts';

/** An erasure as far as it came at once. */
export interface ErasureBegun {
  readonly receipt: ErasureReceipt;
  /** Devices that were theirs alone: suppressed with them. */
  readonly anonymousIds: readonly string[];
}

/** Takes people out of the log and of every destination, however often it takes. */
export interface Erasures {
  /**
   * Suppresses somebody, takes them out of log, quarantine and dead letters, and asks every destination once to forget
   * them. Those that do not agree, or take longer than `answerWithinMs`, are asked again and again, by this process and by those after it, for 30 days. Rejects
   * with `TypeError` for what is no person, with `LogUnavailableError` if the log takes nothing: what began goes on.
   */
  erase(person: PersonIds): Promise<ErasureBegun>;
  /** Goes on with what is not done, now and from then on. */
  start(): void;
  /** Ends what is under way, at the deadline (10 s) at the latest; the next process goes on. */
  close(options?: Deadline): Promise<void>;
}

export interface ErasuresOptions {
  readonly log: Log;
  /** Names of those that can be asked. */
  readonly destinations: () => readonly string[];
  readonly eraseAt: (destination: string, person: PersonIds, deadline: Required<Deadline>) => Promise<ErasedAt>;
  /** How long `erase` waits for destinations, milliseconds; they go on meanwhile. */
  readonly answerWithinMs: number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onDiagnostic: OnDiagnostic | undefined;
}

/** For how long a destination that does not agree is asked again, milliseconds: the law gives a month. */
export const erasurePatienceMs: number = 30 * 24 * 3_600_000;

/** Shortest wait before the next try, milliseconds; it doubles with each. */
const firstWaitMs = 60_000;
/** Cap of that wait, milliseconds. */
const maxWaitMs = 6 * 3_600_000;
/** What one try at one destination may take, milliseconds: a warehouse may have to rewrite much. */
export const eraseTryMs: number = 600_000;
/** How often it is looked whether something is to be done, at least; milliseconds. */
const lookEveryMs = 3_600_000;

export function createErasures(options: ErasuresOptions): Erasures {
  const { log, destinations, eraseAt, answerWithinMs, clock, random, onDiagnostic } = options;
  const underWay = new Map<string, Promise<void>>();
  let isStarted = false;
  let isClosed = false;
  let cancelLook: (() => void) | undefined;

  /** One after the other, so that nobody asks twice at once. */
  function work(id: string): Promise<void> {
    const running = underWay.get(id);
    if (running !== undefined) return running;
    const begun = goOn(id).finally(() => underWay.delete(id));
    underWay.set(id, begun);
    return begun;
  }

  async function goOn(id: string): Promise<void> {
    await log.erasures.purge(id);
    const erasure = jobOf(id);
    if (erasure === undefined) return;
    const known = new Set(destinations());
    const due = erasure.waiting.filter(({ nextAt }) => isDue(nextAt));
    await Promise.all(
      due.map(async ({ destination, tries }) => {
        const isLast = clock.now() - erasure.askedAt >= erasurePatienceMs;
        if (known.has(destination)) await askEach(erasure, destination, tries, isLast);
        else if (isLast) {
          await log.erasures.told(id, { destination, state: 'failed', reason: 'no such destination any more' });
        }
      }),
    );
  }

  /** Later than any wait lasts it was put by a clock that ran ahead, and has been set right. */
  const isDue = (nextAt: number): boolean => nextAt <= clock.now() || nextAt - clock.now() > maxWaitMs;

  const jobOf = (id: string): OpenErasure | undefined => log.erasures.open().find((each) => each.id === id);

  /** By the ids that were named, then by each device that was theirs alone. */
  async function askEach(erasure: OpenErasure, destination: string, tries: number, isLast: boolean): Promise<void> {
    const { id, person, anonymousIds } = erasure;
    const devices = anonymousIds.filter((anonymousId) => anonymousId !== person.anonymousId);
    const unsupported: string[] = [];
    let rows: number | undefined;
    let hasAccepted = false;
    await log.erasures.asking(id, destination);
    for (const who of [person, ...devices.map((anonymousId) => ({ ...person, anonymousId }))]) {
      const answer = await eraseAt(destination, who, { deadlineMs: eraseTryMs });
      if ('rows' in answer) rows = (rows ?? 0) + answer.rows;
      if (answer.kind === 'failed') {
        report(onDiagnostic, 'erasure-failed', `${destination}: ${id}`);
        const { reason } = answer;
        const nextAt = clock.now() + waitMs(tries);
        return log.erasures.told(id, {
          destination,
          reason,
          ...counted(rows, hasAccepted || !('rows' in answer)),
          ...(isLast ? { state: 'failed' } : { state: 'waiting', nextAt }),
        });
      }
      if (answer.kind === 'accepted') hasAccepted = true;
      if (answer.kind === 'unsupported') unsupported.push(...Object.keys(who));
    }
    const state = rows !== undefined ? 'erased' : hasAccepted ? 'accepted' : 'unsupported';
    const reason =
      state !== 'unsupported' && unsupported.length > 0
        ? `not by ${[...new Set(unsupported)].join(' and ')}`
        : undefined;
    return log.erasures.told(id, {
      destination,
      state,
      ...counted(rows, hasAccepted),
      ...(reason === undefined ? {} : { reason }),
    });
  }

  function waitMs(tries: number): number {
    const bound = Math.min(maxWaitMs, firstWaitMs * 2 ** tries);
    return bound / 2 + (random() * bound) / 2;
  }

  async function look(): Promise<void> {
    if (isClosed) return;
    try {
      for (const { id } of log.erasures.open()) await work(id);
    } catch (error) {
      if (isClosed && error instanceof LogUnavailableError) return;
      report(onDiagnostic, 'erasure-failed', error instanceof Error ? error.message : String(error));
    }
    planLook();
  }

  function planLook(): void {
    cancelLook?.();
    if (isClosed || !isStarted) return;
    cancelLook = clock.after(nextLookMs(), () => void look());
  }

  function nextLookMs(): number {
    let at = clock.now() + lookEveryMs;
    try {
      const known = new Set(destinations());
      for (const { stage, waiting } of log.erasures.open()) {
        // What the log did not take now it may take in a while.
        if (stage === 'log') at = Math.min(at, clock.now() + firstWaitMs);
        for (const { destination, nextAt } of waiting) if (known.has(destination)) at = Math.min(at, nextAt);
      }
    } catch {
      return firstWaitMs; // the log cannot be read now
    }
    return Math.max(1_000, at - clock.now());
  }

  /** Resolves when the work is over, or the time. */
  function atMost(ms: number, work: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(ms, resolve);
      void work.then(
        () => {
          cancel();
          resolve();
        },
        (error: unknown) => {
          cancel();
          reject(error);
        },
      );
    });
  }

  return {
    async erase(person) {
      const id = await log.erasures.begin(person, destinations());
      try {
        const anonymousIds = await log.erasures.purge(id);
        await atMost(answerWithinMs, work(id));
        const receipt = log.erasures.receipt(id);
        if (receipt === undefined) throw new LogUnavailableError('The receipt is gone.');
        return { receipt, anonymousIds };
      } finally {
        planLook();
      }
    },
    start() {
      isStarted = true;
      cancelLook = clock.after(0, () => void look());
    },
    async close({ deadlineMs = 10_000 } = {}) {
      isClosed = true;
      cancelLook?.();
      await atMost(deadlineMs, Promise.allSettled([...underWay.values()]));
    },
  };
}

function counted(
  rows: number | undefined,
  mayBeMore: boolean,
): { readonly rows?: number; readonly mayBeMore: boolean } {
  return { ...(rows === undefined ? {} : { rows }), mayBeMore };
}
