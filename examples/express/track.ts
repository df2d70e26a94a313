import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createCollector, sqliteLog } from '@org/track-node';
import { duckdb } from '@org/track-node/duckdb';
import { plan } from './plan.ts';

const folder = process.env.TRACK_DIR ?? '.track';
mkdirSync(folder, { recursive: true });

export const collector = createCollector({
  plan,
  log: sqliteLog(join(folder, 'log.db')),
  destinations: [duckdb(join(folder, 'events.duckdb'))],
  // In production a secret of your own: openssl rand -base64 32
  identity: { keys: [process.env.TRACK_IDENTITY_KEY ?? 'only-for-this-example-'.repeat(2)] },
});

export const { tracker } = collector;
