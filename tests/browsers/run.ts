// `npm run test:browsers`: what each capture plugin tells of real visits in real browsers, through the real collector.
// Options: --engine <name> (chromium unless said), --row <part of a name or a plugin>, both repeatable, --write.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Engine } from '../faults/engine.ts';
import { engines } from '../faults/engines.ts';
import { resultsTable, writeResults } from './report.ts';
import type { Row } from './row.ts';
import { rows } from './rows.ts';
import { type RowResult, runRow } from './run-row.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', multiple: true, default: ['chromium'] },
    row: { type: 'string', multiple: true, default: [] },
    write: { type: 'boolean', default: false },
  },
});

const parts = values.row.length === 0 ? [''] : values.row;
const chosen = rows.filter((row) => parts.some((part) => row.plugin === part || row.name.includes(part)));
if (chosen.length === 0)
  fail(`--row: none. There is:\n${rows.map(({ plugin, name }) => `${plugin}: ${name}`).join('\n')}`);

const unknown = values.engine.find((name) => !engines.some((engine) => engine.name === name));
if (unknown !== undefined) fail(`--engine: no "${unknown}". There is: ${engines.map(({ name }) => name).join(', ')}`);

const results = new Map<string, ReadonlyMap<Row, RowResult>>();
for (const engine of engines.filter(({ name }) => values.engine.includes(name))) await runAll(engine);
console.log(`\n${resultsTable(chosen, results)}\n`);
if (values.write) await writeResults(chosen, results);

async function runAll(engine: Engine): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'browsers-'));
  const profile = await engine.openProfile(join(folder, 'profile'), { backForwardCache: true });
  const title = `${engine.title} ${profile.version}`;
  const found = new Map<Row, RowResult>();
  results.set(title, found);
  try {
    for (const row of chosen) {
      const result = await runRow(row, engine.name, profile);
      found.set(row, result);
      const mark = { right: '✓', wrong: '✖', impossible: '–' }[result.kind];
      console.log(`${mark} ${title}, ${row.plugin}: ${row.name}${'why' in result ? `: ${result.why}` : ''}`);
      if (result.kind === 'wrong') process.exitCode = 1;
    }
  } finally {
    await profile.close();
    await rm(folder, { recursive: true, maxRetries: 5 });
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
