// `npm run bench:node`: what a server's tracker costs the process it is in, ours and the others in one run. Options:
// --client <name>, repeatable, --rounds <number>, --write.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { resultsPlace } from '../results-place.ts';
import { createCountingSink } from './counting-sink.ts';
import { type Measure, type NodeFigures, queueLengths } from './measures.ts';
import { installedServerPeers } from './peers.ts';

const { values } = parseArgs({
  options: {
    client: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
});

interface Client {
  readonly name: string;
  readonly setup: URL;
  readonly thanks: string;
}

const ours: readonly Client[] = ['track', 'track-durable'].map((name) => ({
  name,
  setup: new URL(`setup/${name}.ts`, import.meta.url),
  thanks: '{"success":true}',
}));
const known: readonly Client[] = [...ours, ...(await installedServerPeers())];
const clients = values.client.length === 0 ? known : known.filter(({ name }) => values.client.includes(name));
const lengths = queueLengths.map(String);

const rows = new Map<string, { queue: NodeFigures; memory: NodeFigures; rate: NodeFigures }>();
for (const client of clients) {
  rows.set(client.name, {
    queue: await best(client, 'queue', (figures) => figures['10000'] ?? Number.POSITIVE_INFINITY),
    memory: await best(client, 'memory', ({ bytesPerEvent }) => bytesPerEvent ?? Number.POSITIVE_INFINITY),
    rate: await best(client, 'rate', ({ cpuUs }) => cpuUs ?? Number.POSITIVE_INFINITY),
  });
  console.error(`${client.name} measured`);
}
const text = table();
console.log(text);
if (values.write) await resultsPlace(new URL('../results/node.md', import.meta.url), text);

/** Of some rounds the one that was disturbed least. */
async function best(client: Client, measure: Measure, cost: (figures: NodeFigures) => number): Promise<NodeFigures> {
  const rounds: NodeFigures[] = [];
  for (let round = 0; round < Number(values.rounds); round++) rounds.push(await run(client, measure));
  return rounds.reduce((one, other) => (cost(other) < cost(one) ? other : one));
}

async function run({ setup, thanks }: Client, measure: Measure): Promise<NodeFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-node-'));
  // Where memory and queues are measured nobody answers: what is tracked stays.
  const sink = await createCountingSink(measure === 'rate' ? thanks : undefined);
  const script = fileURLToPath(new URL('measure-process.ts', import.meta.url));
  const child = fork(script, [setup.href, sink.origin, measure, folder], {
    execArgv: ['--expose-gc', '--no-warnings'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ended = once(child, 'exit');
  try {
    return await new Promise<NodeFigures>((resolve, reject) => {
      child.on('message', (message: { awaiting?: number; figures?: NodeFigures }) => {
        if (message.awaiting !== undefined) void sink.arrival(message.awaiting).then(() => child.send('arrived'));
        if (message.figures !== undefined) {
          const arrived = sink.events();
          resolve({
            ...message.figures,
            arrived,
            bytesPerEvent: message.figures.bytesPerEvent ?? sink.bytes() / arrived,
          });
        }
      });
      child.on('exit', (code) => reject(new Error(`${setup.pathname} ended with ${code} in "${measure}".`)));
    });
  } finally {
    child.kill('SIGKILL');
    await ended;
    await sink.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each figure, and how many times ours it is. */
function table(): string {
  const base = rows.get('track');
  const cell = (value: number | undefined, ourValue: number | undefined, digits: number): string => {
    if (value === undefined) return 'not reached';
    const shown = value.toLocaleString('en', { maximumFractionDigits: digits });
    return ourValue === undefined ? shown : `${shown} (${(value / ourValue).toFixed(1)}×)`;
  };
  const cpuOf = ({ cpuUs, arrived }: NodeFigures): number => (cpuUs ?? 0) / Math.max(1, arrived ?? 0);
  const rateOf = ({ arrived, elapsedMs }: NodeFigures): number => (arrived ?? 0) / ((elapsedMs ?? 1) / 1_000);
  const lines = [...rows].map(([name, { queue, memory, rate }]) => {
    const isBase = name === 'track';
    const of = <T>(value: T | undefined): T | undefined => (isBase ? undefined : value);
    return [
      name,
      ...lengths.map((length) => cell(queue[length], of(base?.queue[length]), 1)),
      cell(rateOf(rate), of(base && rateOf(base.rate)), 0),
      cell(cpuOf(rate), of(base && cpuOf(base.rate)), 1),
      cell(rate.bytesPerEvent, of(base?.rate.bytesPerEvent), 0),
      cell(memory.bytesPerEvent, of(base?.memory.bytesPerEvent), 0),
      rate.arrived === rate.count ? '' : `${rate.arrived} of ${rate.count} arrived`,
    ];
  });
  const columns = [
    '',
    ...lengths.map((length) => `µs a call, ${Number(length).toLocaleString('en')} waiting`),
    'events/s',
    'CPU µs per event',
    'bytes on the wire',
    'bytes of memory while it waits',
    'remarks',
  ];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns),
    line(columns.map((_, at) => (at === 0 || at === columns.length - 1 ? '---' : '--:'))),
    ...lines.map(line),
  ].join('\n');
}
