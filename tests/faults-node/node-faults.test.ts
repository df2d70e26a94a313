import { describe, expect, test } from 'vitest';
import { track, trackDurable } from './clients/track.ts';
import { lostIn } from './report.ts';
import { rows } from './rows.ts';
import { runRow } from './run-row.ts';

// Quick ones, each of another kind. All of them: `npm run faults:node`.
describe.each([
  { client: track, names: ['413 above 10 events', '400 for a batch with one bad event'] },
  {
    client: trackDurable,
    names: ['reset after stored', 'process.exit(0) in the task of track()', 'SIGKILL after 50 ms'],
  },
])('when things go wrong around $client.name', ({ client, names }) => {
  test.each(names)('%s: none lost, none twice, nothing unhandled', async (name) => {
    const row = rows.find((candidate) => candidate.name === name);
    if (row === undefined) throw new Error(`There is no row "${name}"`);
    const result = await runRow(row, client);
    expect(result.sent).toBeGreaterThan(0);
    const { doubledAfter, rejections, notes } = result;
    expect({ lost: lostIn(result), doubledAfter, rejections }).toEqual({ lost: 0, doubledAfter: 0, rejections: 0 });
    expect(notes.filter((note) => !note.endsWith('requests refused'))).toEqual([]);
  });
});
