import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientUnderTest } from './client.ts';
import { CannotRun, type Engine } from './engine.ts';
import { createFrontServer, type Sighting } from './front-server.ts';
import type { Row } from './row.ts';
import { createScene, type Scene } from './scene.ts';
import { collectorSink, memorySink, type Sink } from './sink.ts';
import { quiet } from './until.ts';

/** What a row measured. Counts are events. */
export interface RowResult {
  readonly row: Row;
  /** Why it could not run here; then the counts say nothing. */
  readonly skipped?: string;
  /** Not known of a skipped row. */
  readonly browserVersion?: string;
  readonly sent: number;
  readonly firstVisit: number;
  readonly afterReturn: number;
  /** Copies that reached the collector, beyond the first of each event. */
  readonly doubledOnTheWire: number;
  /** Rows in the warehouse beyond the first of each event. */
  readonly doubledAfter: number;
  readonly notes: readonly string[];
}

/** How long the first visit gets while something is missing: above the usual batch timers, of 5 s. */
const firstVisitMs = 6_000;
/** How long the return visit idles at most. */
const returnVisitMs = 10_000;
/** Where nothing may come, the time in which it would. */
const ownTimersMs = 3_000;
/** So long without a request with events, and none is expected any more. */
const quietMs = 700;

/** One row for one client, in a browser, a collector and folders of its own. */
export async function runRow(row: Row, client: ClientUnderTest, engine: Engine): Promise<RowResult> {
  const ends: (() => Promise<unknown>)[] = [];
  const notes = new Set<string>();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'faults-'));
    ends.unshift(() => rm(folder, { recursive: true, maxRetries: 5 }));
    const sink = client.answer === undefined ? collectorSink(folder) : memorySink(client);
    ends.unshift(sink.close);
    const front = await createFrontServer(client, sink);
    ends.unshift(front.close);
    const profile = await engine.openProfile(join(folder, 'profile'), row.profile);
    ends.unshift(profile.close);
    const scene = createScene(front, client, profile, notes);

    await row.run(scene);
    const patienceMs = row.firstVisitMs ?? firstVisitMs;
    await visited(scene, row, patienceMs);
    await profile.leave();
    await quiet(front, quietMs);
    const firstVisit = await distinct(sink, scene);

    front.inject(undefined);
    await scene.open('/return');
    await visited(scene, row, returnVisitMs);
    await profile.leave();
    await quiet(front, quietMs);
    const kept = await keptOf(sink, scene);
    if (hasTwoNames(front.sightings)) notes.add('an event travelled under two message ids');
    return {
      row,
      browserVersion: profile.version,
      sent: scene.sent.length,
      firstVisit,
      afterReturn: new Set(kept).size,
      doubledOnTheWire: doubled(front.sightings.filter(({ isTaken }) => isTaken).map(({ id }) => id)),
      doubledAfter: doubled(kept),
      notes: [...notes],
    };
  } catch (error) {
    if (!(error instanceof CannotRun)) throw new Error(`${client.name}: ${row.name}: ${error}`, { cause: error });
    return { row, skipped: error.message, ...nothing, notes: [...notes] };
  } finally {
    // The youngest first: a browser before what it talks to, and the folder of all of them last.
    for (const end of ends) await end();
  }
}

const nothing = { sent: 0, firstVisit: 0, afterReturn: 0, doubledOnTheWire: 0, doubledAfter: 0 };

/** Lets a visit last until everything came and no more is coming, or until nobody would wait any longer. */
async function visited(scene: Scene, row: Row, patienceMs: number): Promise<void> {
  if (row.expected === 'none') await quiet(scene.front, quietMs + ownTimersMs);
  else if (await scene.arrival(patienceMs)) await quiet(scene.front, quietMs);
}

async function keptOf(sink: Sink, { sent }: Scene): Promise<readonly string[]> {
  const ours = new Set(sent);
  return (await sink.kept()).filter((id) => ours.has(id));
}

const distinct = async (sink: Sink, scene: Scene): Promise<number> => new Set(await keptOf(sink, scene)).size;

const doubled = (ids: readonly string[]): number => ids.length - new Set(ids).size;

/** A collector that goes by message ids cannot tell such copies apart. */
function hasTwoNames(sightings: readonly Sighting[]): boolean {
  const names = new Map<string, string | undefined>();
  return sightings.some(({ id, messageId }) => {
    const isOther = names.has(id) && names.get(id) !== messageId;
    names.set(id, messageId);
    return isOther;
  });
}
