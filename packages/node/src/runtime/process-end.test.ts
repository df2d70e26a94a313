import { expect, test } from 'vitest';
import { onProcessEnd } from './process-end.ts';

test('every leaver is asked, through one listener for each event, and none after it stopped', () => {
  const before = [process.listenerCount('beforeExit'), process.listenerCount('exit')];
  const calls: string[] = [];
  const leaver = (name: string) => ({
    finish: () => void calls.push(`${name} finish`),
    leave: () => void calls.push(`${name} leave`),
  });
  const stopFirst = onProcessEnd(leaver('first'));
  const stopSecond = onProcessEnd(leaver('second'));
  expect([process.listenerCount('beforeExit'), process.listenerCount('exit')]).toEqual(
    before.map((count) => count + 1),
  );

  const [finish, leave] = [process.listeners('beforeExit').at(-1), process.listeners('exit').at(-1)];
  finish?.(0);
  stopFirst();
  leave?.(0);
  expect(calls).toEqual(['first finish', 'second finish', 'second leave']);

  stopSecond();
  stopSecond();
  expect([process.listenerCount('beforeExit'), process.listenerCount('exit')]).toEqual(before);
});
