// `npm run faults:browser`: what real Chromium, the real network stack and the real collector make of events when things
// go wrong. Options: --row <part of a name> and --client <name>, both repeatable, --peers, --times <number>, --write.
import { parseArgs } from 'node:util';
import type { ClientUnderTest } from './client.ts';
import { installedPeers } from './clients/peers.ts';
import { track } from './clients/track.ts';
import { summary, tableHead, tableRow } from './report.ts';
import { writeSections } from './results-file.ts';
import type { Row } from './row.ts';
import { rows } from './rows.ts';
import { type RowResult, runRow } from './run-row.ts';

const { values } = parseArgs({
  options: {
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

const measured = new Map<ClientUnderTest, string>();
for (const client of await clientsAsked()) {
  const section = await measure(client);
  if (isAskedToEnd) break;
  measured.set(client, section);
  if (values.write) await writeSections(measured);
}

async function clientsAsked(): Promise<readonly ClientUnderTest[]> {
  const names = values.client;
  const isPeersAsked = values.peers || names.some((name) => name !== track.name);
  const known = [track, ...(isPeersAsked ? await installedPeers() : [])];
  const unknown = names.find((name) => !known.some((client) => client.name === name));
  if (unknown !== undefined) fail(`--client: no "${unknown}". There is: ${known.map(({ name }) => name).join(', ')}`);
  if (names.length === 0) return known;
  return known.filter(({ name }) => names.includes(name));
}

/** Runs the rows one after another, and returns the client's section. */
async function measure(client: ClientUnderTest): Promise<string> {
  const title = `## ${client.name} ${client.version}`;
  console.log(`${title}\n\n${tableHead}`);
  const results: RowResult[] = [];
  for (const row of chosen.flatMap((row) => Array<Row>(Number(values.times)).fill(row))) {
    if (isAskedToEnd) break;
    const result = await runRow(row, client).catch((error: unknown) => {
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
  const facts = `${extent}, Chromium ${browser}, ${when}.`;
  return [title, '', facts, '', tableHead, ...results.map(tableRow), '', summary(results)].join('\n');
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
