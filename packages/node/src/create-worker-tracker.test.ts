import { setTimeout as sleep } from 'node:timers/promises';
import { formatDevice, type Plugin } from '@org/track-core';
import { createScriptedTransport, type ScriptedTransport } from '@org/track-core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { closeAll, run } from './collector/running-collector.ts';
import { createWorkerTracker, type WorkerTracker } from './create-worker-tracker.ts';
import { createIdentityCookie } from './identity/identity-cookie.ts';

afterEach(closeAll);

const remote = { endpoint: 'https://collector.example/api/j', writeKey: 'key', consent: { analytics: true } };

/** A Worker's context; `ended` resolves when all it was told to wait for is over. */
function aContext(): { waitUntil(promise: Promise<unknown>): void; ended(): Promise<void> } {
  const waits: Promise<unknown>[] = [];
  return {
    waitUntil: (promise) => void waits.push(promise),
    async ended() {
      for (let known = -1; known < waits.length; ) {
        known = waits.length;
        await Promise.all(waits);
      }
    },
  };
}

const aRequest = (name: string, headers: Record<string, string> = {}): Request =>
  new Request(`https://shop.example/${name}`, {
    headers: {
      cookie: formatDevice({ consent: [{ analytics: true }, 1], anonymousId: `anonymous-${name}` }),
      'cf-connecting-ip': '203.0.113.7',
      'sec-fetch-dest': 'document',
      ...headers,
    },
  });

function start(transport: ScriptedTransport = createScriptedTransport()): {
  tracker: WorkerTracker;
  events: () => Record<string, unknown>[][];
} {
  const tracker = createWorkerTracker({ ...remote, transport });
  const events = (): Record<string, unknown>[][] =>
    transport.sent.map(({ entries }) => entries.map(({ value }) => JSON.parse(value)));
  return { tracker, events };
}

type Context = ReturnType<typeof aContext>;

describe('a request', () => {
  test('what it tracks is about it, leaves as one batch, and the Worker is kept for that', async () => {
    const { tracker, events } = start();
    const fetch = tracker.fetch(async (request: Request, env: { greeting: string }, _context: Context) => {
      tracker.page();
      await sleep(5);
      tracker.track('Seen', { url: request.url });
      return new Response(env.greeting);
    });
    const context = aContext();
    const response = await fetch(aRequest('one'), { greeting: 'Hello' }, context);
    expect(await response.text()).toBe('Hello');
    await context.ended();
    const about = {
      anonymousId: 'anonymous-one',
      context: { ip: '203.0.113.0', page: { url: 'https://shop.example/one' } },
    };
    expect(events()).toMatchObject([
      [
        { type: 'page', ...about },
        { type: 'track', ...about },
      ],
    ]);
  });

  test('that overlaps another shares nothing with it', async () => {
    const { tracker, events } = start();
    const fetch = tracker.fetch(async (request: Request, _env: object, _context: Context) => {
      await sleep(Math.random() * 20);
      tracker.track('Seen', { path: new URL(request.url).pathname.slice(1) });
      return new Response();
    });
    const names = Array.from({ length: 10 }, (_, index) => `visitor-${index}`);
    const contexts = names.map(aContext);
    await Promise.all(names.map((name, index) => fetch(aRequest(name), {}, contexts[index] as Context)));
    await Promise.all(contexts.map((context) => context.ended()));
    expect(events()).toHaveLength(names.length);
    for (const event of events().flat()) {
      const { path } = (event as { properties: { path: string } }).properties;
      expect(event).toMatchObject({ anonymousId: `anonymous-${path}` });
    }
  });

  test('what it tracks after its answer keeps the Worker too', async () => {
    const { tracker, events } = start();
    const fetch = tracker.fetch(async (_request: Request, _env: object, context: Context) => {
      context.waitUntil(
        sleep(30).then(() => {
          tracker.track('Later');
        }),
      );
      tracker.track('At Once');
      return new Response();
    });
    const context = aContext();
    await fetch(aRequest('one'), {}, context);
    await context.ended();
    expect(events().flat()).toMatchObject([{ event: 'At Once' }, { event: 'Later', anonymousId: 'anonymous-one' }]);
  });

  test('that waits for one event before the next keeps the Worker for both', async () => {
    const { tracker, events } = start();
    const fetch = tracker.fetch(async (_request: Request, _env: object, context: Context) => {
      const placed = tracker.track('Placed');
      // Goes on in the very moment in which nothing waits any more.
      context.waitUntil(
        placed.delivered.then(() => {
          tracker.track('Paid');
        }),
      );
      return new Response();
    });
    const context = aContext();
    await fetch(aRequest('one'), {}, context);
    await context.ended();
    expect(events().flat()).toMatchObject([{ event: 'Placed' }, { event: 'Paid' }]);
  });

  test('to a method is one of its object, whose context keeps the Worker', async () => {
    const { tracker, events } = start();
    const context = aContext();
    // As in a class that extends `WorkerEntrypoint`.
    const entrypoint = {
      ctx: context,
      greeting: 'Hello',
      fetch: tracker.fetch(async function (this: { readonly greeting: string }, _request: Request) {
        tracker.track('Seen');
        return new Response(this.greeting);
      }),
    };
    expect(await (await entrypoint.fetch(aRequest('one'))).text()).toBe('Hello');
    await context.ended();
    expect(events().flat()).toMatchObject([{ event: 'Seen', anonymousId: 'anonymous-one' }]);
  });

  test.each([{ third: 3 }, { third: {} }])(
    'that another Worker calls with arguments of its own ($third) keeps the Worker too',
    async ({ third }) => {
      const { tracker, events } = start();
      const waits: Promise<unknown>[] = [];
      const entrypoint = {
        ctx: { waitUntil: (promise: Promise<unknown>) => waits.push(promise) },
        add: tracker.job(async (one: number, two: number, _three: unknown) => {
          tracker.track('Added', {}, { userId: 'u1' });
          return one + two;
        }),
      };
      expect(await entrypoint.add(1, 2, third)).toBe(3);
      expect(waits).toHaveLength(1);
      await Promise.all(waits);
      expect(events()).toHaveLength(1);
    },
  );

  test('that fails fails as it would without us, and what it tracked is sent', async () => {
    const { tracker, events } = start();
    const fetch = tracker.fetch(async (_request: Request, _env: object, _context: Context): Promise<Response> => {
      tracker.track('Seen');
      throw new RangeError('of the host');
    });
    const context = aContext();
    await expect(fetch(aRequest('one'), {}, context)).rejects.toThrow(RangeError);
    await context.ended();
    expect(events().flat()).toMatchObject([{ event: 'Seen' }]);
  });

  test('that is none, as in a test of the handler, is answered all the same', async () => {
    const { tracker, events } = start();
    const fetch = tracker.fetch((_request: Request | undefined, _env: object, _context: Context) => {
      tracker.track('Seen', {}, { userId: 'u1' });
      return 'answer';
    });
    const context = aContext();
    expect(await fetch(undefined, {}, context)).toBe('answer');
    await context.ended();
    expect(events()).toEqual([]);
  });

  test('of somebody who said no sends nothing', async () => {
    const { tracker, events } = start();
    const fetch = tracker.fetch((_request: Request, _env: object, _context: Context) => {
      tracker.track('Seen');
      return new Response();
    });
    const context = aContext();
    await fetch(aRequest('one', { cookie: formatDevice({ consent: [{ analytics: false }, 1] }) }), {}, context);
    await context.ended();
    expect(events()).toEqual([]);
  });
});

test("the collector's cookie names the browser here too", async () => {
  const identity = { keys: ['key-of-the-shop-'.repeat(2)] };
  const signed = createIdentityCookie(identity, Date.now).write({
    id: 'known-by-cookie',
    browserTag: 'AAAAAAAA',
    decidedAt: 0,
  });
  const transport = createScriptedTransport();
  const tracker = createWorkerTracker({ ...remote, transport, identity });
  const fetch = tracker.fetch((_request: Request, _env: object, _context: Context) => {
    tracker.track('Seen');
    return new Response();
  });
  const cookie = `${formatDevice({ consent: [{ analytics: true }, 1], anonymousId: 'anonymous-one' })}; ${signed}`;
  const context = aContext();
  await fetch(aRequest('one', { cookie }), {}, context);
  await context.ended();
  const [event] = transport.sent.flatMap(({ entries }) => entries.map(({ value }) => JSON.parse(value)));
  expect(event).toMatchObject({
    anonymousId: 'known-by-cookie',
    context: { identity: { browserId: 'anonymous-one' } },
  });
});

test('a collector that fails is asked again while the Worker is kept', async () => {
  const transport = createScriptedTransport([{ kind: 'retry', reason: 'http-503' }]);
  const { tracker, events } = start(transport);
  const fetch = tracker.fetch((_request: Request, _env: object, _context: Context) => {
    tracker.track('Seen');
    return new Response();
  });
  const context = aContext();
  await fetch(aRequest('one'), {}, context);
  await context.ended();
  expect(events().flat()).toMatchObject([{ event: 'Seen' }, { event: 'Seen' }]);
});

test('a job says whom it is about, and is kept until its events are delivered', async () => {
  const { tracker, events } = start();
  const scheduled = tracker.job(async (_event: object, _env: object, _context: Context) => {
    tracker.track('Nobody Meant');
    tracker.track('Invoice Sent', {}, { userId: 'u1' });
  });
  const context = aContext();
  await scheduled({}, {}, context);
  await context.ended();
  expect(events().flat()).toMatchObject([{ event: 'Invoice Sent', userId: 'u1' }]);
});

test('a plugin listens once, however many invocations there are, and sees the events of each', async () => {
  const transport = createScriptedTransport();
  const heard: string[] = [];
  const codes: string[] = [];
  let tell = (): void => {};
  const broken: Plugin = {
    name: 'broken',
    setup() {
      throw new Error('no such thing in a Worker');
    },
  };
  const listening: Plugin = {
    name: 'listening',
    setup(tracker) {
      heard.push('begins');
      tell = () => void tracker.track('Heard', {}, { userId: 'u1' });
      return () => heard.push('ends');
    },
    process(event) {
      heard.push('event' in event ? event.event : event.type);
      return event;
    },
  };
  const plugins = [broken, listening];
  const tracker = createWorkerTracker({ ...remote, transport, plugins, onDiagnostic: ({ code }) => codes.push(code) });
  const handle = tracker.job(async (_job: object, _env: object, _context: Context) => tell());
  for (let time = 0; time < 2; time++) {
    const context = aContext();
    await handle({}, {}, context);
    await context.ended();
  }
  await tracker.shutdown();
  expect(heard).toEqual(['begins', 'Heard', 'Heard', 'ends']);
  expect(codes).toEqual(['plugin-failed']);
  expect(transport.sent).toHaveLength(2);
});

test('consent that is set counts in jobs as it does in requests, from then on, and is heard of', async () => {
  const transport = createScriptedTransport();
  const tracker = createWorkerTracker({ ...remote, consent: {}, transport });
  const heard: unknown[] = [];
  tracker.consent.onChange(({ preferences }) => heard.push(preferences));
  const handle = async (_first: unknown, _env: object, _context: Context): Promise<void> => {
    tracker.track('Seen', {}, { userId: 'u1' });
  };
  const nobody = new Request('https://shop.example/');
  for (const answer of [undefined, true, false]) {
    if (answer !== undefined) tracker.consent.set({ analytics: answer });
    const context = aContext();
    await tracker.job(handle)({}, {}, context);
    await tracker.fetch(handle)(nobody, {}, context);
    await context.ended();
    expect(transport.sent.length).toBe(answer === undefined ? 0 : 2);
  }
  expect(heard).toEqual([{ analytics: true }, { analytics: false }]);
});

test('outside of both it is dropped, and the receipt says why', async () => {
  const { tracker, events } = start();
  const { delivered } = tracker.track('Seen', {}, { userId: 'u1' });
  expect(await delivered).toEqual({ kind: 'dropped', reason: 'outside-invocation' });
  expect(events()).toEqual([]);
});

test('a tracker bound in the module works in requests and jobs', async () => {
  const { tracker, events } = start();
  const billing = tracker.with({ context: { app: 'billing' } });
  const fetch = tracker.fetch((_request: Request, _env: object, _context: Context) => {
    billing.track('Paid');
    return new Response();
  });
  const scheduled = tracker.job(async (_event: object, _env: object, _context: Context) => {
    billing.track('Invoiced', {}, { userId: 'u1' });
  });
  const context = aContext();
  await fetch(aRequest('one'), {}, context);
  await scheduled({}, {}, context);
  await context.ended();
  expect(events().flat()).toMatchObject([
    { event: 'Paid', anonymousId: 'anonymous-one', context: { app: 'billing' } },
    { event: 'Invoiced', userId: 'u1', context: { app: 'billing' } },
  ]);
});

test.each([
  { why: 'small, as it is', text: 'x' },
  { why: 'large, packed', text: 'x'.repeat(5_000) },
])('a collector takes what it sends: $why', async ({ text }) => {
  const { url, delivered } = await run({ keys: { kéy: { source: 'server', consent: { analytics: true } } } });
  const tracker = createWorkerTracker({ ...remote, endpoint: url, writeKey: 'kéy' });
  const context = aContext();
  await tracker.job(async (_event: object, _env: object, _context: Context) => {
    tracker.track('Seen', { text }, { userId: 'u1' });
  })({}, {}, context);
  await context.ended();
  expect(await delivered()).toMatchObject([{ event: 'Seen', source: 'server', properties: { text } }]);
});

test('refuses at set-up what it does not know', () => {
  expect(() => createWorkerTracker({ ...remote, maxQueued: 5 } as never)).toThrow(
    'createWorkerTracker: unknown option "maxQueued"; known are endpoint,',
  );
  expect(() => createWorkerTracker({ writeKey: 'key' } as never)).toThrow(/createWorkerTracker: "endpoint" must be/);
});
