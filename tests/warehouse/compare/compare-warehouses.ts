import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Destination } from '@org/track-core';
import { type Collector, createCollector, type Log, sqliteLog } from '@org/track-node';
import { contestants, type Warehouse } from './contestants.ts';
import { differencesOf, everything } from './every-row.ts';
import { generateEvents, type SentEvent } from './generate-events.ts';

export interface CompareOptions {
  readonly events: number;
  readonly seed: number;
  /** Which warehouses; the first is what the others are compared with. */
  readonly names: readonly string[];
  readonly say?: (line: string) => void;
}

/** One warehouse at one moment. */
export interface ComparedRow {
  readonly moment: 'delivered' | 'replayed' | 'erased' | 'replayed again';
  readonly warehouse: string;
  readonly events: number;
  readonly parked: number;
  /** Rows that are not the same in the first of the warehouses, or not there. */
  readonly different: number;
  readonly seconds: number;
}

export interface Comparison {
  readonly rows: readonly ComparedRow[];
  /** What is wrong, in words. */
  readonly faults: readonly string[];
}

const writeKey = 'compare-key';
const batchEvents = 100;
const erasedPersons = 5;
const patience = { deadlineMs: 600_000 };

/**
 * Sends the same events through a collector, its log and its dispatcher into every warehouse, delivers all of them once
 * more, erases a few persons, delivers what is left once more, and compares every row each time.
 */
export async function compareWarehouses({ events: count, seed, names, say }: CompareOptions): Promise<Comparison> {
  const folder = await mkdtemp(join(tmpdir(), 'compare-'));
  const opened = new Map<string, Warehouse>();
  const rows: ComparedRow[] = [];
  const faults: string[] = [];
  let collector: Collector | undefined;
  try {
    for (const name of names) {
      const contestant = contestants[name];
      if (contestant === undefined) throw new TypeError(`There is no "${name}"; there is ${Object.keys(contestants)}.`);
      opened.set(name, await contestant.start(folder));
    }
    const destinations: Destination[] = [...opened.values()].map(({ destination }) => destination);
    // So few ids are remembered that most duplicates come through.
    const log = sqliteLog(join(folder, 'log.db'), { dedupeIds: 500 });
    collector = createCollector({
      log,
      destinations,
      keys: { [writeKey]: { source: 'server', name: 'compare', consent: { analytics: true } } },
      limits: { keyEventsPerSecond: Number.POSITIVE_INFINITY },
    });
    const { dispatch, flush } = collector;

    const look = async (moment: ComparedRow['moment'], since: number): Promise<void> => {
      const seconds = Math.round((performance.now() - since) / 100) / 10;
      say?.(`${moment}: comparing`);
      const [first, ...others] = await Promise.all([...opened.values()].map(everything));
      for (const [place, [warehouse, { destination }]] of [...opened].entries()) {
        const own = place === 0 ? first : others[place - 1];
        if (first === undefined || own === undefined) continue;
        const differences = differencesOf(first, own);
        faults.push(...differences.slice(0, 5).map((words) => `${moment}, ${warehouse}: ${words}`));
        const parked = await destination.parked();
        if (parked !== own.parked.size) faults.push(`${moment}, ${warehouse}: parked() says ${parked}`);
        rows.push({ moment, warehouse, events: own.events.size, parked, different: differences.length, seconds });
      }
      if (first !== undefined)
        faults.push(...(await faultsBesideLog(log, first)).map((words) => `${moment}: ${words}`));
    };

    const { events, persons } = generateEvents(count, seed);
    let since = performance.now();
    await send(collector, events);
    await flush(patience);
    await look('delivered', since);

    const replayAll = async (): Promise<void> => {
      for (const { name } of destinations) await dispatch.replay(name);
      await flush(patience);
    };
    since = performance.now();
    await replayAll();
    await look('replayed', since);

    since = performance.now();
    const gone: string[] = [];
    for (const userId of persons.slice(0, erasedPersons)) {
      const { anonymousIds } = await log.records.erase({ userId });
      for (const who of [{ userId }, ...anonymousIds.map((anonymousId) => ({ userId, anonymousId }))]) {
        for (const at of await dispatch.erase(who, patience)) {
          if (at.kind !== 'erased') faults.push(`erased: ${at.destination}: ${JSON.stringify(at)}`);
        }
      }
      gone.push(userId, ...anonymousIds);
    }
    await look('erased', since);
    since = performance.now();
    await replayAll();
    await look('replayed again', since);
    for (const [name, warehouse] of opened) {
      const { events: kept, parked } = await everything(warehouse);
      const texts = [...kept.values(), ...parked.values()].join('\n');
      for (const id of gone) if (texts.includes(JSON.stringify(id))) faults.push(`${name}: there is still ${id}`);
    }
    return { rows, faults };
  } finally {
    await collector?.close({ deadlineMs: 0 });
    for (const { remove } of opened.values()) await remove?.();
    await rm(folder, { recursive: true, force: true });
  }
}

async function send(collector: Collector, events: readonly SentEvent[]): Promise<void> {
  for (let from = 0; from < events.length; from += batchEvents) {
    const batch = events.slice(from, from + batchEvents);
    const body = JSON.stringify({ writeKey, batch, sentAt: new Date().toISOString() });
    const answer = await collector.fetch(new Request('http://localhost/v1/batch', { method: 'POST', body }));
    if (answer.status !== 200) throw new Error(`The collector answered ${answer.status}: ${await answer.text()}`);
  }
}

/** What the log holds is there, each event once, and of several with one id the first, as a row or parked. */
async function faultsBesideLog(
  log: Log,
  { events, parked }: Awaited<ReturnType<typeof everything>>,
): Promise<readonly string[]> {
  const first = new Map<string, unknown>();
  for await (const { event } of log.records.events({})) {
    if (!first.has(event.messageId)) first.set(event.messageId, 'properties' in event ? event.properties : undefined);
  }
  const faults: string[] = [];
  const parkedIds = new Set([...parked.values()].map(parkedId));
  if (first.size !== events.size + parked.size) {
    faults.push(`the log holds ${first.size} ids, the warehouse ${events.size} rows and ${parked.size} parked`);
  }
  for (const [id, properties] of first) {
    if (events.has(id) === parkedIds.has(id)) faults.push(`${id}: is a row: ${events.has(id)}, and parked as often`);
    const { n } = (properties ?? {}) as { readonly n?: unknown };
    const row = events.get(id);
    if (row === undefined || typeof n !== 'number') continue;
    if (!row.includes(`"n":${n},`) && !row.includes(`"n":${n}}`))
      faults.push(`${id}: not the first of its kind: ${row}`);
  }
  return faults.slice(0, 5);
}

function parkedId(row: string): string {
  const { event } = JSON.parse(row) as { readonly event: string };
  return (JSON.parse(event) as { readonly messageId: string }).messageId;
}
