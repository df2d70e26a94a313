// One tracker in a process of its own, measured from inside. Told by its arguments which one, where to, and what.
import { randomBytes } from 'node:crypto';
import type { CreateServerClient } from '../../tests/faults-node/client.ts';
import { type Measure, type NodeFigures, queueLengths } from './measures.ts';

const [setup = '', origin = '', measure = ''] = process.argv.slice(2);
process.on('unhandledRejection', () => {}); // counted by `npm run faults:node`

const { create } = (await import(setup)) as { readonly create: CreateServerClient };
const client = create({ origin, folder: process.argv[5] ?? '.' });
// Text that compresses by half, as words do.
const texts = Array.from({ length: 64 }, () => randomBytes(125).toString('hex'));
let made = 0;

/** Recognisable, so that the far end can count. */
const nextId = (): string => `mk${(made++).toString(16).padStart(12, '0')}`;

function track(count: number): void {
  for (let index = 0; index < count; index++) client.track(nextId(), texts[made % texts.length] ?? '');
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const measures: { readonly [name in Measure]: () => Promise<NodeFigures> } = {
  /** What one more call costs when so many events wait already. */
  async queue() {
    const figures: Record<string, number> = {};
    const [batches, calls] = [9, 100];
    for (const length of queueLengths) {
      // In parts, and given up where it would take for ever: some get slower with each event.
      const giveUpAt = performance.now() + 20_000;
      while (made < length && performance.now() < giveUpAt) {
        track(calls);
        await turn();
      }
      if (made < length) break;
      const costs: number[] = [];
      for (let batch = 0; batch < batches; batch++) {
        const startedAt = performance.now();
        track(calls);
        costs.push(((performance.now() - startedAt) * 1_000) / calls);
        await turn();
      }
      figures[`${length}`] = costs.toSorted((a, b) => a - b)[batches >> 1] ?? Number.NaN;
    }
    return figures;
  },

  /** Memory of so many events that wait, after a garbage collection. */
  async memory() {
    const count = 5_000;
    track(200);
    await turn();
    const before = heap();
    track(count);
    await turn();
    return { bytesPerEvent: (heap() - before) / count };
  },

  /** How many get out in a second, and what that costs. */
  async rate() {
    const most = 10_000;
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    while (made < most && performance.now() - startedAt < 20_000) {
      track(500);
      await turn();
    }
    const count = made;
    const arrived = new Promise<void>((resolve) => process.once('message', () => resolve()));
    process.send?.({ awaiting: count });
    await Promise.race([arrived, new Promise((resolve) => setTimeout(resolve, 60_000).unref())]);
    const { user, system } = process.cpuUsage(cpu);
    return { count, elapsedMs: performance.now() - startedAt, cpuUs: user + system };
  },
};

function heap(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const figures = await measures[measure as Measure]();
process.send?.({ figures }, () => process.exit(0));
