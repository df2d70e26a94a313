// `npm run bench:dispatch`: events a second from the log through the dispatcher into a warehouse, beside a plain bulk
// insert of the same rows with the same driver. Options: --warehouse <name>, repeatable, --events <number>,
// --rounds <number>, --write.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createCollector, sqliteLog } from '@org/track-node';
import { duckdb } from '@org/track-node/duckdb';
import { postgres } from '@org/track-node/postgres';
import { startPostgres } from '../../scripts/postgres.mjs';
import { resultsPlace } from '../results-place.ts';
import { insertIntoDuckDb, insertIntoPostgres, type Row } from './plain-inserts.ts';

const { values } = parseArgs({
  options: {
    warehouse: { type: 'string', multiple: true, default: ['duckdb', 'postgres'] },
    events: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
});
const count = Number(values.events);
const batchEvents = 50;

interface Round {
  readonly warehouse: string;
  readonly dispatchMs: number;
  readonly plainMs: number;
  /** Of this process, while it dispatched. */
  readonly cpuMs: number;
}

const folder = mkdtempSync(join(tmpdir(), 'bench-dispatch-'));
const server = values.warehouse.includes('postgres') ? await startPostgres() : undefined;
const rounds: Round[] = [];
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const warehouse of values.warehouse) rounds.push(await measure(warehouse, round));
  }
} finally {
  await server?.remove();
  rmSync(folder, { recursive: true });
}
const text = table(rounds);
console.log(text);
if (values.write) await resultsPlace(new URL('../results/dispatch.md', import.meta.url), text);

async function measure(warehouse: string, round: number): Promise<Round> {
  const place = join(folder, `${warehouse}-${round}`);
  const schema = `bench_${process.pid}_${round}`;
  const isDuckDb = warehouse === 'duckdb';
  const destination = isDuckDb
    ? duckdb(`${place}.duckdb`)
    : postgres({ url: server?.url ?? '', name: warehouse, schema });
  await destination.open?.();
  const log = sqliteLog(`${place}.log`);
  await log.consumer(destination.name, { purposeOf: () => 'necessary' }).close(); // its place is before all of them
  for (let n = 0; n < count; n += batchEvents) await log.append(batchOf(n));

  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const collector = createCollector({ log, destinations: [destination] });
  await collector.flush({ deadlineMs: 600_000 });
  const dispatchMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);

  const rows: readonly Row[] = await destination.query('SELECT * FROM events ORDER BY timestamp, message_id');
  if (rows.length !== count) throw new Error(`${warehouse}: ${rows.length} rows of ${count} events.`);
  const partRows = destination.limits?.maxEvents ?? 1_000;
  const plainMs = isDuckDb
    ? await insertIntoDuckDb(`${place}-plain.duckdb`, rows, partRows)
    : await insertIntoPostgres(server?.url ?? '', `${schema}.events`, rows, partRows);
  if (!isDuckDb) await destination.query(`DROP SCHEMA ${schema} CASCADE`);
  await collector.close({ deadlineMs: 0 });
  return { warehouse, dispatchMs, plainMs, cpuMs: (user + system) / 1_000 };
}

function batchOf(from: number): Parameters<ReturnType<typeof sqliteLog>['append']>[0] {
  const batch = Array.from({ length: batchEvents }, (_, index) => eventOf(from + index));
  return {
    body: JSON.stringify({ batch }),
    ids: batch.map(({ messageId }) => messageId),
    facts: { receivedAt: Date.now(), source: 'server', consent: { analytics: true } },
  };
}

/** About 500 bytes. */
function eventOf(n: number): { readonly messageId: string } & Record<string, unknown> {
  return {
    type: 'track',
    event: 'Product Added',
    messageId: `0199a${String(n).padStart(8, '0')}-7c1e-8b3a-5d0f6e2a4b91`,
    anonymousId: `device-${n % 997}`,
    userId: `user-${n % 499}`,
    timestamp: new Date(Date.UTC(2026, 0, 1) + n * 1_000).toISOString(),
    properties: { product_id: `p${n % 400}`, name: 'Desk lamp', price: 21.5, quantity: 1 + (n % 3), currency: 'EUR' },
    context: {
      page: { url: `https://shop.example/p/${n % 400}`, path: `/p/${n % 400}`, title: 'Desk lamp' },
      session: { id: `session-${n % 2_003}` },
      locale: 'de-DE',
    },
  };
}

function table(measured: readonly Round[]): string {
  const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
  const perSecond = (ms: number): string => Math.round(count / (ms / 1_000)).toLocaleString('en');
  const rows = values.warehouse.map((warehouse) => {
    const own = measured.filter((round) => round.warehouse === warehouse);
    const dispatchMs = median(own.map((round) => round.dispatchMs));
    const plainMs = median(own.map((round) => round.plainMs));
    // Of the two in one round: what else the machine does meets both.
    const share = median(own.map((round) => round.plainMs / round.dispatchMs));
    const cpuMs = median(own.map((round) => round.cpuMs));
    return [warehouse, perSecond(dispatchMs), perSecond(plainMs), `${Math.round(share * 100)} %`, perSecond(cpuMs)];
  });
  const columns = ['warehouse', 'events/s through the log', 'plain insert', 'of plain', 'events per CPU second'];
  const line = (cells: readonly unknown[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
