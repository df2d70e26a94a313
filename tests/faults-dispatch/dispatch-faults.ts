import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createSink, type FarEnd, names, type Sink } from './sink.ts';

/** What came of one destination. */
export interface DestinationRow {
  readonly name: string;
  readonly acknowledged: number;
  /** Acknowledged more than once, though the collector was alive and had heard it. */
  readonly resent: number;
  /** Acknowledged again because the process was killed before it could write the answer down. */
  readonly repeatedByKill: number;
  readonly dead: number;
  readonly pending: number;
  /** Neither there nor dead nor waiting. */
  readonly lost: number;
  /** The longest way from the collector's 200 to the far end's, while the collector was up; milliseconds. */
  readonly worstLagMs: number;
  readonly requests: number;
}

export interface DispatchFaults {
  /** Events the collector answered 200 to. */
  readonly accepted: number;
  readonly kills: number;
  readonly rows: readonly DestinationRow[];
}

const batchSize = 20;
/** A write of an answer takes at most so long on a busy machine, milliseconds: who is killed within it forgets. */
const writeMs = 2_000;
/** Starting over takes its time too, milliseconds: nobody's lag. */
const settleMs = 2_000;
const patienceMs = 30_000;

/** What the collector says of a destination. */
interface Report {
  readonly name: string;
  readonly pending: number;
  /** Ids of its dead letters. */
  readonly dead: readonly string[];
}

interface Message {
  readonly port?: number;
  readonly report?: readonly Report[];
}

/** Feeds a collector for a while, kills it in the middle, and counts what arrived where. */
export async function runDispatchFaults(options: {
  readonly seconds: number;
  readonly batchesPerSecond: number;
  readonly kills: number;
}): Promise<DispatchFaults> {
  const folder = await mkdtemp(join(tmpdir(), 'faults-dispatch-'));
  const sink = await createSink();
  const acceptedAt = new Map<string, number>();
  const downTimes: { readonly from: number; to: number }[] = [];
  let child: ChildProcess | undefined;
  let port = 0;

  async function start(): Promise<void> {
    const script = fileURLToPath(new URL('collector-process.ts', import.meta.url));
    child = fork(script, [join(folder, 'log.db'), sink.url], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const [message] = (await once(child, 'message')) as [Message];
    port = message.port ?? 0;
  }

  async function kill(): Promise<void> {
    const running = child;
    if (running === undefined) return;
    const down = { from: performance.now(), to: Number.POSITIVE_INFINITY };
    downTimes.push(down);
    running.kill('SIGKILL');
    await once(running, 'exit');
    await start();
    down.to = performance.now();
  }

  async function report(): Promise<readonly Report[]> {
    if (child === undefined) return [];
    child.send({});
    const [message] = (await once(child, 'message')) as [Message];
    return message.report ?? [];
  }

  async function post(index: number): Promise<void> {
    const ids = Array.from({ length: batchSize }, (_, place) => `event-${index * batchSize + place}`);
    const timestamp = new Date().toISOString();
    const batch = ids.map((messageId) => ({
      type: 'track',
      event: 'Fed',
      messageId,
      userId: `u${index % 7}`,
      timestamp,
    }));
    const authorization = `Basic ${Buffer.from('secret-of-the-shop:').toString('base64')}`;
    // As a tracker does: until somebody says 200.
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${port}/v1/batch`, {
        method: 'POST',
        headers: { authorization },
        body: JSON.stringify({ batch, sentAt: timestamp }),
      }).catch(() => undefined);
      await response?.text().catch(() => '');
      if (response?.status === 200) break;
      await pause(20);
    }
    for (const id of ids) acceptedAt.set(id, performance.now());
  }

  try {
    await start();
    const batches = options.seconds * options.batchesPerSecond;
    const killAfter = Math.floor(batches / (options.kills + 1));
    const posts: Promise<void>[] = [];
    for (let index = 0; index < batches; index++) {
      posts.push(post(index));
      await pause(1_000 / options.batchesPerSecond);
      if (index % killAfter === killAfter - 1 && downTimes.length < options.kills) await kill();
    }
    await Promise.all(posts);
    sink.calmDown();
    const rows = await settled(report, sink, acceptedAt, downTimes);
    return { accepted: acceptedAt.size, kills: downTimes.length, rows };
  } finally {
    if (child?.kill('SIGKILL')) await once(child, 'exit'); // it writes as long as it lives
    await sink.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Waits until all that can arrive has. */
async function settled(
  report: () => Promise<readonly Report[]>,
  sink: Sink,
  acceptedAt: ReadonlyMap<string, number>,
  downTimes: readonly { readonly from: number; readonly to: number }[],
): Promise<readonly DestinationRow[]> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const reports = await report();
    const isDone = reports.every(({ name, pending }) => pending === 0 || name === 'down' || name === 'hanging');
    if (isDone || performance.now() > end) {
      return names.map((name) => {
        const own = reports.find((each) => each.name === name) ?? { name, pending: 0, dead: [] };
        return rowOf(own, sink.farEnds[name] as FarEnd, acceptedAt, downTimes);
      });
    }
    await pause(100);
  }
}

function rowOf(
  { name, pending, dead: letters }: Report,
  { acknowledged, requests }: FarEnd,
  acceptedAt: ReadonlyMap<string, number>,
  downTimes: readonly { readonly from: number; readonly to: number }[],
): DestinationRow {
  let resent = 0;
  let repeatedByKill = 0;
  let worstLagMs = 0;
  for (const [id, [first = 0, second]] of acknowledged) {
    const accepted = acceptedAt.get(id) ?? first;
    if (second !== undefined) {
      if (downTimes.some(({ from }) => first > from - writeMs && first <= from && second > from)) repeatedByKill++;
      else resent++;
    }
    const wasUp = !downTimes.some(({ from, to }) => accepted < to + settleMs && first > from);
    if (wasUp) worstLagMs = Math.max(worstLagMs, first - accepted);
  }
  const dead = new Set(letters);
  // A dead letter that is `unconfirmed` may have arrived: then it is there.
  const missing = [...acceptedAt.keys()].filter((id) => !acknowledged.has(id) && !dead.has(id)).length;
  return {
    name,
    acknowledged: acknowledged.size,
    resent,
    repeatedByKill,
    dead: dead.size,
    pending,
    lost: missing - pending,
    worstLagMs: Math.round(worstLagMs),
    requests,
  };
}

/**
 * What is not as it must be.
 *
 * @param maxHealthyLagMs - how far behind a destination that is well may be, while others are not
 */
export function faultsIn({ accepted, rows }: DispatchFaults, maxHealthyLagMs = 2_000): readonly string[] {
  return rows.flatMap(({ name, acknowledged, resent, repeatedByKill, dead, pending, lost, worstLagMs }) => {
    const isWell = name === 'healthy' || name === 'once';
    const isGone = name === 'down' || name === 'hanging';
    return [
      ...(lost === 0 ? [] : [`${name}: ${lost} lost`]),
      ...(resent === 0 ? [] : [`${name}: ${resent} sent again that had arrived`]),
      ...(isWell && worstLagMs >= maxHealthyLagMs ? [`${name}: ${worstLagMs} ms behind`] : []),
      ...(name === 'once' && repeatedByKill > 0 ? [`${name}: ${repeatedByKill} there twice`] : []),
      ...(isGone && pending !== accepted ? [`${name}: ${pending} of ${accepted} kept`] : []),
      ...(isGone || name === 'once' || acknowledged + dead === accepted ? [] : [`${name}: the books do not balance`]),
    ];
  });
}
