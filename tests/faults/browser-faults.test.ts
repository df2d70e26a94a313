import { describe, expect, test } from 'vitest';
import { chromium, needs } from '../../scripts/optional.mjs';
import type { ClientUnderTest } from './client.ts';
import { track, trackWithDeliveryState } from './clients/track.ts';
import type { Engine } from './engine.ts';
import { chromium as inChromium } from './engines/chromium.ts';
import { engines } from './engines.ts';
import { leakedIn, lostIn } from './report.ts';
import { rows } from './rows.ts';
import { runRow } from './run-row.ts';

// Quick ones, each of another kind, that hold on a busy machine too. All of them: `npm run faults:browser`.
const names = [
  'same-task redirect, 20 × 2 KB',
  'tab closed',
  'page open for 1 s, browser killed (kill -9) after 50 ms',
  'reset after stored',
  'IndexedDB missing, same-task redirect, 20 × 0.5 KB',
  'consent revoked',
];

// Those in which nothing answers for a while.
const silentNames = ['endpoint blocked, then unblocked', 'connection refused, then back', 'offline, then online'];

describe.concurrent('when things go wrong in Chromium', needs(chromium), () => {
  test.each(names)('%s: none lost, none twice, none without consent', (name) => expectNothingLost(name, inChromium));

  test.each(silentNames)('%s, with deliveryState(): none lost, none twice', (name) =>
    expectNothingLost(name, inChromium, trackWithDeliveryState),
  );
});

// Nobody has to have them. All rows: `npm run faults:browser -- --engine firefox`.
const others = engines.filter((engine) => engine !== inChromium && engine.isInstalled());

describe.concurrent.each(others)('when things go wrong in $title', (engine) => {
  test('tab closed: none lost, none twice', () => expectNothingLost('tab closed', engine));
});

async function expectNothingLost(name: string, engine: Engine, client: ClientUnderTest = track): Promise<void> {
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`There is no row "${name}"`);
  const result = await runRow(row, client, engine);
  expect(result.sent).toBeGreaterThan(0);
  expect({ lost: lostIn(result), doubled: result.doubledAfter, leaked: leakedIn(result) }).toEqual({
    lost: 0,
    doubled: 0,
    leaked: 0,
  });
  expect(result).toMatchObject({ notes: [] });
  expect(result.skipped).toBeUndefined();
}
