import { expect, test } from 'vitest';
import { faultsIn, runDispatchFaults } from './dispatch-faults.ts';

test('what is well is never behind, nothing arrives twice or is lost, whoever else is ill, and over a kill', async () => {
  const result = await runDispatchFaults({ seconds: 3, batchesPerSecond: 10, kills: 1 });
  expect(faultsIn(result)).toEqual([]);
  expect([result.accepted, result.kills]).toEqual([600, 1]);
});
