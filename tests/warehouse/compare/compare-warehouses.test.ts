import { expect, test } from 'vitest';
import { needs, postgresServer } from '../../../scripts/optional.mjs';
import { compareWarehouses } from './compare-warehouses.ts';
import { contestants } from './contestants.ts';

const names = Object.keys(contestants).filter((name) => contestants[name]?.isFound);

test('all warehouses hold the same rows: delivered, replayed, erased', {
  ...needs(postgresServer),
  timeout: 120_000,
}, async () => {
  const { rows, faults } = await compareWarehouses({ events: 2_000, seed: 7, names });
  expect(faults).toEqual([]);
  expect(rows).toHaveLength(4 * names.length);
  for (const { events, parked, different } of rows) {
    expect(events).toBeGreaterThan(1_500);
    expect(parked).toBeGreaterThan(0);
    expect(different).toBe(0);
  }
});
