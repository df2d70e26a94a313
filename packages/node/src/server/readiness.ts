import type { Clock } from '@org/track-core';
import { type CollectorLimits, defaultCollectorLimits } from '../collector/collector-options.ts';
import type { CollectorStats } from '../collector/create-collector.ts';
import { limitsOver } from '../config/limits-over.ts';
import type { Log } from '../log/log.ts';

/** Why no more requests should come here now. */
export type NotReady = 'stopping' | 'overloaded' | 'disk-full' | 'log-read-only' | 'log-unavailable';

export interface ReadinessOptions {
  readonly log: Pick<Log, 'probe'>;
  readonly limits: Partial<CollectorLimits> | undefined;
  readonly stats: () => Pick<CollectorStats, 'inFlight'>;
  readonly isStopping: () => boolean;
  readonly clock: Clock;
}

/** Full enough that the next requests may be turned away. */
const fullShare = 0.9;

/** How long the log's last answer is believed, milliseconds: who asks often costs no disk. */
const believedMs = 1_000;

/** Tells whether requests should come here, and every reason why not. */
export function createReadiness({
  log,
  limits,
  stats,
  isStopping,
  clock,
}: ReadinessOptions): () => Promise<NotReady[]> {
  const { maxInFlight, maxInFlightBytes } = limitsOver(defaultCollectorLimits, limits);
  let probed: { readonly at: number; readonly reason: NotReady | undefined } | undefined;

  /** Asked each time, and not remembered from the last batch: nobody sends batches to who is not ready. */
  async function reasonOfLog(): Promise<NotReady | undefined> {
    if (probed !== undefined && clock.elapsed() - probed.at < believedMs) return probed.reason;
    const reason = await log.probe().then(
      () => undefined,
      (error: Error) => reasonOf(error.cause),
    );
    probed = { at: clock.elapsed(), reason };
    return reason;
  }

  return async () => {
    if (isStopping()) return ['stopping'];
    const { requests, bytes } = stats().inFlight;
    const isFull = requests >= maxInFlight * fullShare || bytes >= maxInFlightBytes * fullShare;
    const reason = await reasonOfLog();
    return [...(isFull ? ['overloaded' as const] : []), ...(reason === undefined ? [] : [reason])];
  };
}

/** SQLite's result codes. https://sqlite.org/rescode.html */
const reasons: { readonly [code: number]: NotReady } = { 8: 'log-read-only', 13: 'disk-full' };

function reasonOf(cause: unknown): NotReady {
  // The lowest byte is the kind; those above say more of it.
  const code = (cause as { errcode?: number } | undefined)?.errcode ?? 0;
  return reasons[code & 0xff] ?? 'log-unavailable';
}
