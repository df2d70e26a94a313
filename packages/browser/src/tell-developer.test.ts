import 'fake-indexeddb/auto';
import { type Deadline, type Diagnostic, deviceCookieName, type SendOutcome } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { type BrowserTrackerOptions, createTracker } from './create-browser-tracker.ts';
import type { DeliveryPart } from './transport/delivery-part.ts';

let warn: MockInstance;
let running: { shutdown(deadline: Deadline): Promise<unknown> }[];
beforeEach(() => {
  running = [];
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(async () => {
  vi.useRealTimers();
  for (const tracker of running) await tracker.shutdown({ deadlineMs: 0 });
  vi.restoreAllMocks();
  // biome-ignore lint/suspicious/noDocumentCookie: as the tracker writes it
  document.cookie = `${deviceCookieName}=; Max-Age=-1; Path=/`;
});

const told = (): unknown[] => warn.mock.calls.flat();

function create(answer: SendOutcome | 'no answer', options: Partial<BrowserTrackerOptions> = {}) {
  const part: DeliveryPart = () => ({
    send: async () => (answer === 'no answer' ? Promise.reject(new TypeError('Failed to fetch')) : answer),
  });
  const tracker = createTracker({
    endpoint: `/told/${Math.random()}`.replace('.', ''),
    consent: { model: 'opt-out' },
    delivery: [part],
    ...options,
  });
  running.push(tracker);
  return tracker;
}

/** Events that wait are tried again for ever. */
const soon = { deadlineMs: 50 };

describe('on the machine of who writes the page', () => {
  test.each<{ why: string; answer: SendOutcome | 'no answer'; expected: RegExp }>([
    { why: 'nothing answers', answer: 'no answer', expected: /nothing answers.*is the collector running/ },
    {
      why: 'a dev server does not pass it on',
      answer: { kind: 'retry', reason: 'http-404' },
      expected: /no collector \(http-404\).*dev server/,
    },
    {
      why: 'it answers with its own page',
      answer: { kind: 'retry', reason: 'http-200' },
      expected: /no collector \(http-200\).*dev server/,
    },
    {
      why: 'its proxy finds nobody',
      answer: { kind: 'retry', reason: 'http-500' },
      expected: /no collector behind it \(http-500\)/,
    },
    {
      why: 'the collector wants no such page',
      answer: { kind: 'dead', reason: 'http-403' },
      expected: /refuses this page \(http-403\): see its allowedOrigins/,
    },
  ])('$why: the console says so, and what to do', async ({ answer, expected }) => {
    const tracker = create(answer);
    tracker.track('One');
    await tracker.flush(soon);
    expect(told()).toEqual([expect.stringMatching(expected)]);
    expect(told()).toEqual([expect.stringMatching(/^Track: .*\(POST \/told\/\d+\)$/)]);
  });

  test.each<{ why: string; answer: SendOutcome }>([
    { why: 'asks for patience', answer: { kind: 'retry', reason: 'http-429' } },
    { why: 'wants smaller batches', answer: { kind: 'dead', reason: 'too-large' } },
    { why: 'took everything', answer: { kind: 'delivered' } },
  ])('a collector that $why is nothing to tell', async ({ answer }) => {
    const tracker = create(answer);
    tracker.track('One');
    await tracker.flush(soon);
    expect(told()).toEqual([]);
  });

  test('an event that the collector refuses is told by its name, with the reason, once', async () => {
    const refused = { kind: 'dead', reason: 'properties.price: expected number' } as const;
    const tracker = create({
      kind: 'delivered',
      verdicts: new Map([
        ['m1', refused],
        ['m2', refused],
        ['m3', refused],
      ]),
    });
    for (const messageId of ['m1', 'm2']) tracker.track('Product Added', {}, { messageId });
    tracker.page('Help', {}, { messageId: 'm3' });
    tracker.track('Fine');
    await tracker.flush(soon);
    expect(tracker.stats()).toMatchObject({ delivered: 1, pending: 0 });
    expect(told()).toEqual([
      'Track: the collector refused "Product Added": properties.price: expected number',
      'Track: the collector refused page: properties.price: expected number',
    ]);
  });

  test('a call that can be no event is told; what consent or a plugin let go is not', () => {
    const tracker = create({ kind: 'delivered' }, { plugins: [{ name: 'sampling', process: () => null }] });
    tracker.track('');
    tracker.track('Sampled');
    tracker.consent.set({ analytics: false });
    tracker.track('Denied');
    expect(told()).toEqual(['Track: invalid: event']);
  });

  test.each([
    {
      why: 'nobody asked for consent',
      decide: undefined,
      expected: [expect.stringMatching(/wait for a yes.*consent\.set/)],
    },
    { why: 'a yes is nothing to tell', decide: true, expected: [] },
    { why: 'nor is a no', decide: false, expected: [] },
  ])('after a while, $why', ({ decide, expected }) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const tracker = create({ kind: 'delivered' }, { consent: { model: 'opt-in' } });
    tracker.track('One');
    if (decide !== undefined) tracker.consent.set({ analytics: decide });
    expect(told()).toEqual([]);
    vi.advanceTimersByTime(5_000);
    expect(told()).toEqual(expected);
  });
});

test('who listens to diagnostics hears them, and the console nothing', async () => {
  const heard: Diagnostic[] = [];
  const tracker = create('no answer', { onDiagnostic: (diagnostic) => void heard.push(diagnostic) });
  tracker.track('');
  tracker.track('One');
  await tracker.flush(soon);
  expect(heard.map(({ code }) => code)).toEqual(expect.arrayContaining(['invalid', 'send-failed']));
  expect(told()).toEqual([]);
});

test.each(['shop.example', 'notlocalhost', 'localhost.shop.example', '10.0.0.1', '127.shop.example'])(
  'at %s visitors hear nothing',
  async (hostname) => {
    vi.spyOn(window.location, 'hostname', 'get').mockReturnValue(hostname);
    const tracker = create({ kind: 'retry', reason: 'http-404' });
    tracker.track('');
    tracker.track('One');
    await tracker.flush(soon);
    expect(told()).toEqual([]);
  },
);
