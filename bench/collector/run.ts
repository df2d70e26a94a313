// `npm run bench:collector`: durable events a second of one process, beside a server that only parses and answers.
// Options: --server <name> and --batch <events>, or '<events> packed', both repeatable, --seconds <number>, --rounds <number>, --write.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { resultsPlace } from '../results-place.ts';
import { type LoadFigures, sendLoad } from './load.ts';
import type { ServerFigures, ServerOrder } from './server.ts';

const { values } = parseArgs({
  options: {
    server: { type: 'string', multiple: true, default: ['bare', 'track', 'track-worker', 'walkeros'] },
    batch: { type: 'string', multiple: true, default: ['1', '10', '50', '100', '50 packed', '100 packed'] },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
});

const connections = 32;
/** Until what runs often is compiled: the bare server takes two seconds for it, ours six. A server runs for weeks. */
const warmUpMs = 8_000;

interface Measured extends LoadFigures, ServerFigures {
  readonly server: string;
  readonly batch: string;
}

const all: Measured[] = [];
for (const batch of values.batch) {
  const rounds: Measured[] = [];
  // In turns, so that what else the machine does meets all of them.
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const server of values.server) rounds.push(await measure(server, batch));
  }
  all.push(...values.server.map((server) => medianOf(rounds.filter((one) => one.server === server))));
}
const text = table(all);
console.log(text);
if (values.write) await resultsPlace(new URL('../results/collector.md', import.meta.url), text);

async function measure(server: string, batch: string): Promise<Measured> {
  const child = fork(new URL(`servers/${server}.ts`, import.meta.url), {
    execArgv: process.env.BENCH_EXEC_ARGV?.split(' ') ?? [],
  });
  const tell = async (order: ServerOrder): Promise<unknown> => {
    const answered = once(child, 'message');
    child.send(order);
    return (await answered)[0];
  };
  const [port] = (await once(child, 'message')) as [number];
  const [events, packed] = batch.split(' ');
  const load = { port, batchEvents: Number(events), isPacked: packed === 'packed', connections };
  await sendLoad({ ...load, durationMs: warmUpMs });
  await tell('begin');
  const sent = await sendLoad({ ...load, durationMs: Number(values.seconds) * 1_000 });
  const figures = (await tell('end')) as ServerFigures;
  if (figures.kept !== undefined && figures.kept < sent.events) {
    throw new Error(`${server}: ${sent.events} events were acknowledged, and ${figures.kept} kept.`);
  }
  const ended = once(child, 'exit');
  child.send('close' satisfies ServerOrder);
  await ended;
  return { server, batch, ...sent, ...figures };
}

function perSecond({ events, elapsedMs }: Measured): number {
  return events / (elapsedMs / 1_000);
}

function perCpuSecond({ events, cpuMs }: Measured): number {
  return events / (cpuMs / 1_000);
}

function medianOf(rounds: readonly Measured[]): Measured {
  const sorted = rounds.toSorted((a, b) => perCpuSecond(a) - perCpuSecond(b));
  return sorted[sorted.length >> 1] as Measured;
}

function table(measured: readonly Measured[]): string {
  const rows = measured.map((one) => {
    const bare = measured.find(({ server, batch }) => server === 'bare' && batch === one.batch);
    const share = (rate: (of: Measured) => number): string =>
      bare === undefined ? '' : `${Math.round((100 * rate(one)) / rate(bare))} %`;
    return [
      one.batch,
      one.server,
      Math.round(perSecond(one)).toLocaleString('en'),
      share(perSecond),
      Math.round(perCpuSecond(one)).toLocaleString('en'),
      share(perCpuSecond),
      one.p50Ms.toFixed(1),
      one.p99Ms.toFixed(1),
      one.delayP50Ms.toFixed(1),
      one.delayP99Ms.toFixed(1),
      one.refused,
    ];
  });
  const columns = [
    'events in a batch',
    'server',
    'events/s',
    'of bare',
    'events per CPU second',
    'of bare',
    'p50 ms',
    'p99 ms',
    'loop delay p50 ms',
    'p99 ms',
    'refused',
  ];
  const line = (cells: readonly unknown[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
