import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFrontServer, type FrontServer } from '../faults/front-server.ts';
import { collectorSink, memorySink, type Sink } from '../faults/sink.ts';
import { quiet } from '../faults/until.ts';
import { type ServerClientUnderTest, writeKey } from './client.ts';
import type { Row } from './row.ts';
import { createScene, type Scene } from './scene.ts';
import { startProcess } from './tracked-process.ts';

/** What a row measured. Counts are events. */
export interface RowResult {
  readonly row: Row;
  readonly sent: number;
  /** Kept by the far end when the process had ended. */
  readonly arrived: number;
  /** The same when another process had run on the same folder. */
  readonly afterRestart: number;
  /** Copies that reached the far end, beyond the first of each event. */
  readonly doubledOnTheWire: number;
  /** Rows in the warehouse beyond the first of each event. */
  readonly doubledAfter: number;
  /** Rejections nobody handled: each ends a process that does not listen for them. */
  readonly rejections: number;
  readonly notes: readonly string[];
}

const defaultPatienceMs = 12_000;
/** How long the next process gets for what it finds. */
const restartMs = 15_000;
/** Above what any of them may keep its process for. */
const lettingGoMs = 15_000;
const quietMs = 300;

/** One row for one client, in processes, a collector and folders of its own. */
export async function runRow(row: Row, client: ServerClientUnderTest): Promise<RowResult> {
  const ends: (() => Promise<unknown>)[] = [];
  const notes = new Set<string>();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'faults-node-'));
    ends.unshift(() => rm(folder, { recursive: true, maxRetries: 5 }));
    const seen = { ...client, bundle: async () => '' };
    const sink = client.answer === undefined ? collectorSink(folder, collectorOptions) : memorySink(seen);
    ends.unshift(sink.close);
    const front = await createFrontServer(seen, sink);
    ends.unshift(front.close);
    const origin = front.origin.replace('127.0.0.1', 'collector.test');
    const surroundings = { origin, folder: join(folder, 'client') };
    await mkdir(surroundings.folder);

    const first = await startProcess(client, surroundings);
    ends.unshift(first.kill);
    const scene = createScene(front, client, first, notes, row.refused);
    await row.run(scene);
    if (first.isRunning()) {
      await scene.arrival(row.patienceMs ?? defaultPatienceMs);
      await scene.shutdown();
      if (!(await first.letGo(lettingGoMs))) notes.add('the process did not end by itself');
    }
    await quiet(front, quietMs);
    const arrived = new Set(await keptOf(sink, scene)).size;

    await mend(front);
    const second = await startProcess(client, surroundings);
    ends.unshift(second.kill);
    const next = createScene(front, client, second, notes);
    if (client.isDurable) await scene.arrival(restartMs);
    await next.shutdown();
    await second.letGo(lettingGoMs);
    await quiet(front, quietMs);
    const kept = await keptOf(sink, scene);
    return {
      row,
      sent: scene.sent.length,
      arrived,
      afterRestart: new Set(kept).size,
      doubledOnTheWire: doubled(front.sightings.filter(({ isTaken }) => isTaken).map(({ id }) => id)),
      doubledAfter: doubled(kept),
      rejections: first.rejections() + second.rejections(),
      notes: [...notes],
    };
  } catch (error) {
    throw new Error(`${client.name}: ${row.name}: ${error}`, { cause: error });
  } finally {
    // The youngest first: a process before what it talks to, and the folder of all of them last.
    for (const end of ends) await end();
  }
}

/** How much may come at once is not what is tested. */
const collectorOptions = {
  keys: { [writeKey]: { source: 'server', name: 'rows', consent: { analytics: true } } },
  limits: { keyEventsPerSecond: Number.POSITIVE_INFINITY },
} as const;

async function mend(front: FrontServer): Promise<void> {
  front.inject(undefined);
  await front.goDown();
  await front.comeBack();
}

async function keptOf(sink: Sink, { sent }: Scene): Promise<readonly string[]> {
  const ours = new Set(sent);
  return (await sink.kept()).filter((id) => ours.has(id));
}

const doubled = (ids: readonly string[]): number => ids.length - new Set(ids).size;
