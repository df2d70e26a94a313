import { setTimeout as pause } from 'node:timers/promises';
import { createTracker } from '@org/track-node';
import { type Backend, createBackend } from '../backend.ts';

/** When the server is killed. */
export type Moment = 'under load' | 'while it starts' | 'while it stops';

/** What became of the events. All arrays should be empty. */
export interface CrashReport {
  readonly kills: Readonly<Record<Moment, number>>;
  readonly made: number;
  readonly acknowledged: number;
  /** Acknowledged, and not in the warehouse. */
  readonly missing: readonly string[];
  /** More than once in the warehouse. */
  readonly doubled: readonly string[];
  /** What the sender could not deliver, by reason. */
  readonly losses: readonly string[];
  /** The longest the server took from its start to the first answer, milliseconds. */
  readonly slowestStartMs: number;
}

export interface CrashOptions {
  readonly runs: number;
  /** In [0, 1): picks the moments. */
  readonly random: () => number;
  onRun?(run: number, moment: Moment): void;
}

const everyMs = 10;
const eventsAtOnce = 10;

/** As long as it may take to serve, to open its files, and to close them, milliseconds. */
const momentMs: Readonly<Record<Moment, number>> = { 'under load': 500, 'while it starts': 400, 'while it stops': 60 };

/**
 * Kills a collector again and again while a backend sends without a pause, and starts it on the same files. Retention
 * is so short that it runs all the time.
 */
export async function crashRuns({ runs, random, onRun = () => {} }: CrashOptions): Promise<CrashReport> {
  const backend = await createBackend({ log: { retentionMs: 500 } });
  const kills = { 'under load': 0, 'while it starts': 0, 'while it stops': 0 };
  let slowestStartMs = 0;
  try {
    await backend.start();
    const load = startLoad(backend);
    for (let run = 0; run < runs; run++) {
      const moment = momentOf(random());
      const afterMs = random() * momentMs[moment];
      if (moment === 'while it stops') await backend.stopAndKill(afterMs);
      else {
        await pause(moment === 'under load' ? afterMs : 0);
        await backend.kill();
      }
      if (moment === 'while it starts') await backend.startAndKill(afterMs);
      const startedAt = performance.now();
      await backend.start();
      slowestStartMs = Math.max(slowestStartMs, performance.now() - startedAt);
      kills[moment]++;
      onRun(run, moment);
    }
    const { made, acknowledged, losses } = await load.stop();
    const rows = await backend.stopAndAsk<{ id: string; times: number }>(
      'SELECT message_id AS id, count(*)::INT AS times FROM events GROUP BY message_id',
    );
    const stored = new Set(rows.map(({ id }) => id));
    return {
      kills,
      made,
      acknowledged: acknowledged.length,
      missing: acknowledged.filter((id) => !stored.has(id)),
      doubled: rows.filter(({ times }) => times > 1).map(({ id }) => id),
      losses,
      slowestStartMs,
    };
  } finally {
    await backend.remove();
  }
}

function momentOf(random: number): Moment {
  if (random < 0.6) return 'under load';
  return random < 0.85 ? 'while it starts' : 'while it stops';
}

interface Load {
  /** Ends the load, and waits until everything is acknowledged. */
  stop(): Promise<{
    readonly made: number;
    readonly acknowledged: readonly string[];
    readonly losses: readonly string[];
  }>;
}

/** Events of a backend, from several requests at a time, each told about when it is acknowledged. */
function startLoad({ url }: Backend): Load {
  const tracker = createTracker({
    endpoint: `${url}/v1/batch`,
    writeKey: 'secret-of-the-shop',
    consent: { analytics: true },
    maxQueued: 1e6, // how long a restart takes is not what is tested
    queue: { maxEvents: 20, maxWaitMs: 5, concurrency: 3, baseDelayMs: 50, maxDelayMs: 200 },
  });
  const acknowledged: string[] = [];
  let made = 0;
  const timer = setInterval(() => {
    for (let index = 0; index < eventsAtOnce; index++) {
      const receipt = tracker.track('Product Viewed', { made: made++ }, { userId: `u${index}` });
      void receipt.delivered.then(({ kind }) => kind === 'delivered' && acknowledged.push(receipt.messageId));
    }
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await tracker.shutdown({ deadlineMs: 60_000 });
      const { dropped, dead } = tracker.stats();
      return { made, acknowledged, losses: Object.entries({ ...dropped, ...dead }).map(([why, n]) => `${n} ${why}`) };
    },
  };
}
