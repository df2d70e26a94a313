import { anEntry, createFakeClock } from '@org/track-core/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { createBeaconTransport } from './beacon-transport.ts';

const sending = { attempt: 0, exit: true, signal: new AbortController().signal };
const transport = createBeaconTransport({ endpoint: '/api/j', writeKey: 'shop', clock: createFakeClock() });

afterEach(() => {
  vi.restoreAllMocks();
});

test('an accepted beacon is unconfirmed: blocked ones are accepted too', async () => {
  const beacon = vi.spyOn(navigator, 'sendBeacon').mockReturnValue(true);
  expect(await transport.send([anEntry({ id: 'a' })], sending)).toEqual({ kind: 'unconfirmed' });
  const [url, body] = beacon.mock.calls[0] ?? [];
  expect(url).toBe('/api/j');
  expect(JSON.parse(String(body))).toMatchObject({ writeKey: 'shop', batch: [{ messageId: 'a' }] });
});

test.each([
  { why: 'a refused beacon is tried again', answer: () => false },
  {
    why: 'so is one that throws',
    answer: () => {
      throw new Error('gone');
    },
  },
])('$why', async ({ answer }) => {
  vi.spyOn(navigator, 'sendBeacon').mockImplementation(answer);
  expect(await transport.send([anEntry()], sending)).toEqual({ kind: 'retryable', reason: 'network' });
});
