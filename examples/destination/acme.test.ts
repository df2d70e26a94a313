import { destinationContract, goldenPayloads } from '@org/track-node/testing';
import { describe, expect, test } from 'vitest';
import { acme } from './acme.ts';

describe('acme', () => {
  for (const { rule, check } of destinationContract({
    create: (endpoint) => acme({ apiKey: 'secret of acme', endpoint }),
    secrets: ['secret of acme'],
    itemsIn: ({ body }) => JSON.parse(body).events,
    success: () => ({ status: 200 }),
    answers: [
      { why: 'a wrong key', answer: { status: 401 }, expected: 'config' },
      { why: 'busy', answer: { status: 429, headers: { 'retry-after': '1' } }, expected: 'retry' },
      {
        why: 'one refused',
        answer: { status: 207, body: '{"refused":[{"index":0,"why":"odd"}]}' },
        expected: 'partly',
      },
    ],
    maxBodyBytes: 1_000_000,
    sends: [],
  })) {
    test(rule, check);
  }

  test('what the host does not want is not sent', () => {
    const destination = acme({ apiKey: 'secret of acme', mapping: { events: { 'Cart Viewed': null } } });
    const event = { type: 'track', event: 'Cart Viewed', messageId: 'm1' } as never;
    expect(destination.map?.(event)).toEqual({ kind: 'dropped', reason: 'no_such_event' });
  });

  test('ten events in its words', () => {
    expect(goldenPayloads(acme({ apiKey: 'secret of acme' }))).toMatchSnapshot();
  });
});
