import type { CallOptions, ConsentPreferences, Tracker } from '@org/track-core';
import { beforeEach, expect, test } from 'vitest';
import { type QueuedCall, replay } from './replay.ts';

let made: unknown[][];
const note =
  (name: string) =>
  (...args: unknown[]): void =>
    void made.push([name, ...args]);
const names = ['track', 'page', 'screen', 'identify', 'group', 'alias', 'reset', 'flush', 'shutdown'];
const tracker = {
  ...Object.fromEntries(names.map((name) => [name, note(name)])),
  consent: { set: (preferences: ConsentPreferences) => made.push(['consent', preferences]) },
} as unknown as Tracker;

beforeEach(() => {
  made = [];
});

const at = Date.UTC(2026, 0, 1);
const then = { url: 'https://shop.example/p?utm_source=mail#top', title: 'Then', referrer: 'https://a.example/' };
const queued = (call: string, ...args: unknown[]): QueuedCall => ({ call, args, at, ...then });
const page = { ...then, path: '/p', search: '?utm_source=mail' };
const options: CallOptions = { timestamp: new Date(at), context: { page } };

test('each call is made in its order, with the page and the time it was made at', () => {
  const queue = [
    queued('track', 'Product Added', { product_id: 'p1' }),
    queued('page'),
    queued('identify', 'u1', { plan: 'pro' }),
    queued('alias', 'u2', undefined, { messageId: 'm1' }),
    queued('consent', { analytics: true }),
    queued('reset'),
  ];
  replay(queue, tracker);
  expect(made).toEqual([
    ['track', 'Product Added', { product_id: 'p1' }, options],
    ['page', undefined, undefined, options],
    ['identify', 'u1', { plan: 'pro' }, options],
    ['alias', 'u2', undefined, { ...options, messageId: 'm1' }],
    ['consent', { analytics: true }],
    ['reset'],
  ]);
});

test('what the call itself says comes first', () => {
  const said = { timestamp: '2025-05-05T00:00:00.000Z', context: { page: { path: '/mine' }, ip: '::1' } };
  replay([queued('track', 'Seen', {}, said), queued('track', 'Seen', {}, { context: { ip: '::1' } })], tracker);
  expect(made).toEqual([
    ['track', 'Seen', {}, said],
    ['track', 'Seen', {}, { ...options, context: { page, ip: '::1' } }],
  ]);
});

test.each([
  { why: 'a name and a password', url: 'https://ada:pw@shop.example/p', is: 'https://shop.example/p' },
  { why: 'a token in the fragment', url: 'https://shop.example/#access_token=x', is: 'https://shop.example/' },
])('$why is no part of the page', ({ url, is }) => {
  replay([{ ...queued('track', 'Seen'), url }], tracker);
  expect(made[0]?.[3]).toMatchObject({ context: { page: { url: is } } });
});

test('an address that is none costs the page, not the call', () => {
  replay([{ ...queued('track', 'Seen'), url: 'nonsense' }], tracker);
  expect(made).toEqual([['track', 'Seen', undefined, { timestamp: new Date(at), context: {} }]]);
});

test('nothing is made twice', () => {
  const queue = [queued('track', 'Seen')];
  replay(queue, tracker);
  replay(queue, tracker);
  expect(made).toHaveLength(1);
});

test('a function of the stub that somebody kept goes on', () => {
  const queue: QueuedCall[] = [];
  replay(queue, tracker);
  queue.push(queued('track', 'Late'), queued('track', 'Later'));
  expect(made.map(([, name]) => name)).toEqual(['Late', 'Later']);
  expect(queue).toEqual(expect.objectContaining({ length: 0 }));
});

test('what it is called for while the queue is emptied is made too', () => {
  const queue = [queued('track', 'Refused'), queued('track', 'Next')];
  // As a host's `onDiagnostic` does, with a function of the stub.
  function track(event: string): void {
    made.push([event]);
    if (event === 'Refused') queue.push(queued('track', 'Told'));
  }
  replay(queue, { ...tracker, track } as unknown as Tracker);
  expect(made.flat().sort()).toEqual(['Next', 'Refused', 'Told']);
});

test.each<{ why: string; call: unknown }>([
  { why: 'no call of ours', call: queued('shutdown') },
  { why: 'a name every object has', call: queued('constructor') },
  { why: 'nothing', call: null },
  { why: 'no arguments', call: { call: 'track', at, ...then } },
  {
    why: 'options that throw',
    call: queued(
      'track',
      'Seen',
      {},
      {
        get context() {
          throw new Error('hostile');
        },
      },
    ),
  },
])('$why is passed over, and the next call is made', ({ call }) => {
  replay([call as QueuedCall, queued('track', 'Next')], tracker);
  expect(made).toEqual([['track', 'Next', undefined, options]]);
});

test.each([undefined, null, {}, 'text'])('where %j stands for a queue nothing happens', (queue) => {
  replay(queue as unknown as QueuedCall[], tracker);
  expect(made).toEqual([]);
});
