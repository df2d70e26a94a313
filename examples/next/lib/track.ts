import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Collector, createCollector, memoryLog, sqliteLog } from '@org/track-node';
import { duckdb } from '@org/track-node/duckdb';
import { nextTracking } from '@org/track-node/next';
import { PHASE_PRODUCTION_BUILD } from 'next/constants';
import { headers } from 'next/headers';
import { after } from 'next/server';
import { plan } from './plan.ts';

/** Next.js loads this module once for each kind of entry; the log belongs to one collector. */
const shared = globalThis as typeof globalThis & { collector?: Collector<typeof plan> };
shared.collector ??= open();

export const { collector } = shared;
export const { tracker } = collector;
export const { route, action, visitorOf } = nextTracking(tracker, { headers, after });

function open(): Collector<typeof plan> {
  // `next build` loads it too, in several processes.
  if (process.env.NEXT_PHASE === PHASE_PRODUCTION_BUILD) return createCollector({ plan, log: memoryLog() });
  const folder = process.env.TRACK_DIR ?? '.track';
  mkdirSync(folder, { recursive: true });
  const opened = createCollector({
    plan,
    log: sqliteLog(join(folder, 'log.db')),
    destinations: [duckdb(join(folder, 'events.duckdb'))],
    // In production a secret of your own: openssl rand -base64 32
    identity: { keys: [process.env.TRACK_IDENTITY_KEY ?? 'only-for-this-example-'.repeat(2)] },
  });
  // With NEXT_MANUAL_SIG_HANDLE=true the process ends when we say so.
  process.once('SIGTERM', async () => {
    await opened.close({ deadlineMs: 10_000 });
    process.exit(0);
  });
  return opened;
}
