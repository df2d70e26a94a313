import { expect, test } from 'vitest';
import { needs, postgresServer } from '../../../scripts/optional.mjs';
import { compareWarehouses } from './compare-warehouses.ts';

test('DuckDB and Postgres hold the same rows: delivered, replayed, erased', {
  ...needs(postgresServer),
  timeout: 120_000,
}, async () => {
  const { rows, faults } = await compareWarehouses({ events: 2_000, seed: 7, names: ['duckdb', 'postgres'] });
  expect(faults).toEqual([]);
  expect(rows).toHaveLength(8);
  for (const { events, parked, different } of rows) {
    expect(events).toBeGreaterThan(1_500);
    expect(parked).toBeGreaterThan(0);
    expect(different).toBe(0);
  }
});
