import { expect, test } from 'vitest';
import { faultsIn, runDispatchFaults } from './dispatch-faults.ts';

test('what is well is never behind, nothing arrives twice or is lost, whoever else is ill, and over a kill', async () => {
  const result = await runDispatchFaults({ seconds: 3, batchesPerSecond: 10, kills: 1 });
  // Who waits for one that is down or hangs waits for ever; a busy machine holds up everybody for a while.
  expect(faultsIn(result, 15_000)).toEqual([]);
  expect([result.accepted, result.kills]).toEqual([600, 1]);
});
