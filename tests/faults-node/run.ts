// `npm run faults:node`: what the published server tracker, real processes and the real collector make of events when
// things go wrong. Options: --row <part of a name> and --client <name>, both repeatable, --peers, --times <number>, --write.
import { parseArgs } from 'node:util';
import type { ServerClientUnderTest } from './client.ts';
import { serverPeers } from './clients/peers.ts';
import { track, trackDurable } from './clients/track.ts';
import { lostIn, mayLose, summary, tableHead, tableRow } from './report.ts';
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

const measured = new Map<ServerClientUnderTest, string>();
for (const client of await clientsAsked()) {
  measured.set(client, await measure(client));
  if (values.write) await writeSections(measured);
}

async function clientsAsked(): Promise<readonly ServerClientUnderTest[]> {
  const names = values.client;
  const ours = [track, trackDurable];
  const isPeersAsked = values.peers || names.some((name) => !ours.some((client) => client.name === name));
  const known = [...ours, ...(isPeersAsked ? await serverPeers() : [])];
  const unknown = names.find((name) => !known.some((client) => client.name === name));
  if (unknown !== undefined) fail(`--client: no "${unknown}". There is: ${known.map(({ name }) => name).join(', ')}`);
  return names.length === 0 ? known : known.filter(({ name }) => names.includes(name));
}

/** Runs the rows one after another, and returns the client's section. */
async function measure(client: ServerClientUnderTest): Promise<string> {
  const title = `## ${client.name} ${client.version}`;
  console.log(`${title}\n\n${tableHead}`);
  const results: RowResult[] = [];
  for (const row of chosen.flatMap((row) => Array<Row>(Number(values.times)).fill(row))) {
    const result = await runRow(row, client).catch((error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    });
    if (result === undefined) continue;
    results.push(result);
    console.log(tableRow(result));
    const isOurs = client.answer === undefined;
    if (isOurs && ((lostIn(result) > 0 && !mayLose(row, client)) || result.doubledAfter > 0 || result.rejections > 0)) {
      process.exitCode = 1;
    }
  }
  console.log(`\n${summary(results)}\n`);
  const facts = `${chosen.length} of ${rows.length} rows, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}.`;
  return [title, '', facts, '', tableHead, ...results.map(tableRow), '', summary(results)].join('\n');
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
