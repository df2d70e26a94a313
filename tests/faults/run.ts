// `npm run faults:browser`: what a real browser, the real network stack and the real collector make of events when things
// go wrong. Options: --engine <name> (chromium unless said), --row <part of a name> and --client <name>, all repeatable,
// --peers, --times <number>, --write.
import { parseArgs } from 'node:util';
import type { ClientUnderTest } from './client.ts';
import { installedPeers } from './clients/peers.ts';
import { track, trackWithDeliveryState, trackWithParts } from './clients/track.ts';
import type { Engine } from './engine.ts';
import { engines } from './engines.ts';
import { summary, tableHead, tableRow } from './report.ts';
import { writeSections } from './results-file.ts';
import type { Row } from './row.ts';
import { rows } from './rows.ts';
import { type RowResult, runRow } from './run-row.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', multiple: true, default: ['chromium'] },
    row: { type: 'string', multiple: true, default: [] },
    client: { type: 'string', multiple: true, default: [] },
    times: { type: 'string', default: '1' },
    peers: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const parts = values.row.length === 0 ? [''] : values.row;
const unknownPart = parts.find((part) => !rows.some(({ name }) => name.includes(part)));
if (unknownPart !== undefined) {
  fail(`--row: none contains "${unknownPart}". There is:\n${rows.map(({ name }) => name).join('\n')}`);
}
const chosen = rows.filter(({ name }) => parts.some((part) => name.includes(part)));

/** Playwright closes its browsers at SIGTERM and lets the process go on; SIGINT ends it. */
let isAskedToEnd = false;
process.on('SIGTERM', () => {
  isAskedToEnd = true;
});

const clients = await clientsAsked();
for (const engine of enginesAsked()) await measureAll(engine);

function enginesAsked(): readonly Engine[] {
  const unknown = values.engine.find((name) => !engines.some((engine) => engine.name === name));
  if (unknown !== undefined) fail(`--engine: no "${unknown}". There is: ${engines.map(({ name }) => name).join(', ')}`);
  return engines.filter(({ name }) => values.engine.includes(name));
}

async function clientsAsked(): Promise<readonly ClientUnderTest[]> {
  const names = values.client;
  const ours = [track, trackWithDeliveryState, trackWithParts];
  const isPeersAsked = values.peers || names.some((name) => !ours.some((client) => client.name === name));
  const known = [...ours, ...(isPeersAsked ? await installedPeers() : [])];
  const unknown = names.find((name) => !known.some((client) => client.name === name));
  if (unknown !== undefined) fail(`--client: no "${unknown}". There is: ${known.map(({ name }) => name).join(', ')}`);
  // Those with parts only by their names: most rows say the same of them.
  if (names.length === 0) return known.filter((client) => client === track || !ours.includes(client));
  return known.filter(({ name }) => names.includes(name));
}

async function measureAll(engine: Engine): Promise<void> {
  const measured = new Map<ClientUnderTest, string>();
  for (const client of clients) {
    if (isAskedToEnd) return;
    const section = await measure(client, engine);
    if (isAskedToEnd) return;
    measured.set(client, section);
    if (values.write) await writeSections(engine, measured);
  }
}

/** Runs the rows one after another, and returns the client's section. */
async function measure(client: ClientUnderTest, engine: Engine): Promise<string> {
  const title = `## ${client.name} ${client.version}`;
  console.log(`${title}, ${engine.title}\n\n${tableHead}`);
  const results: RowResult[] = [];
  for (const row of chosen.flatMap((row) => Array<Row>(Number(values.times)).fill(row))) {
    if (isAskedToEnd) break;
    const result = await runRow(row, client, engine).catch((error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    });
    if (result === undefined) continue;
    results.push(result);
    console.log(tableRow(result));
  }
  console.log(`\n${summary(results)}\n`);
  const extent = `${chosen.length} of ${rows.length} rows`;
  const when = new Date().toISOString().slice(0, 10);
  const browser = results.find(({ browserVersion }) => browserVersion !== undefined)?.browserVersion;
  const facts = `${extent}, ${engine.title} ${browser}, ${when}.`;
  return [title, '', facts, '', tableHead, ...results.map(tableRow), '', summary(results)].join('\n');
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
