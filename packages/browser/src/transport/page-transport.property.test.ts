// @vitest-environment node: its `Blob` and `Response` are the platform's
import { setImmediate as turn } from 'node:timers/promises';
import { anEntry, createFakeClock } from '@org/track-core/testing';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { createPageTransport, keepaliveRoom } from './page-transport.ts';

// One check for each rule: that nothing exceeds the budget holds also where nothing uses it.

/** What browsers allow, less what is left to the host. */
const budget = 60_000;

/** One that `fetch` was asked for, and that has not ended. */
interface Request {
  readonly bytes: number;
  readonly keepalive: boolean;
  end(): void;
}

type Ending = 'answered' | 'unreadable' | 'failed' | 'aborted' | 'thrown';

const sends = fc.record({
  do: fc.constant('send' as const),
  tracker: fc.nat(2),
  attempt: fc.nat(1),
  exit: fc.boolean(),
  body: fc.constantFrom('ascii' as const, 'umlauts' as const, 'packed' as const),
  bytes: fc.oneof(fc.integer({ min: 1, max: 70_000 }), fc.integer({ min: 1, max: 9_000 })),
  ending: fc.constantFrom<Ending>('answered', 'unreadable', 'failed', 'aborted', 'thrown'),
});
const ends = fc.record({ do: fc.constant('end' as const), which: fc.nat(20) });
const steps = fc.array(fc.oneof({ weight: 3, arbitrary: sends }, { weight: 2, arbitrary: ends }), { maxLength: 40 });
type Steps = typeof steps extends fc.Arbitrary<infer Value> ? Value : never;

/** What one send came to: the bytes of keepalive requests under way before it, and its own request. */
interface Sent {
  readonly mayOutlive: boolean;
  readonly before: number;
  readonly request: Request;
}

const total = (requests: Iterable<Request>): number =>
  [...requests].reduce((sum, { bytes, keepalive }) => sum + (keepalive ? bytes : 0), 0);

const unreadable = (): Response =>
  new Response(new ReadableStream({ start: (controller) => controller.error(new Error('reset')) }));

/** Sends from three trackers of one page; `check` hears after each step what keepalive requests take up. */
async function run(given: Steps, check: (underWay: number) => void = () => {}): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  const clock = createFakeClock();
  const underWay = new Set<Request>();
  const trackers = [0, 1, 2].map((index) => createPageTransport({ endpoint: `/api/${index}`, clock }));

  function send({ tracker, attempt, exit, body, bytes, ending }: Extract<Steps[number], { do: 'send' }>): void {
    const controller = new AbortController();
    const before = total(underWay);
    vi.stubGlobal('fetch', (_: string, { body, keepalive = false, signal }: RequestInit) => {
      let end = (): void => {};
      const answer = new Promise<Response>((resolve, reject) => {
        const fail = (): void => reject(new TypeError('Failed to fetch'));
        signal?.addEventListener('abort', fail);
        const endings = {
          answered: () => resolve(new Response('{"success":true}')),
          unreadable: () => resolve(unreadable()),
          failed: fail,
          aborted: () => controller.abort(),
          thrown: () => {},
        };
        end = endings[ending];
      });
      const request = { bytes: new Blob([body as BlobPart]).size, keepalive, end };
      sent.push({ mayOutlive: exit || attempt === 0, before, request });
      if (ending === 'thrown') throw new Error('patched');
      underWay.add(request);
      return answer;
    });
    const text = body === 'umlauts' ? 'ü'.repeat(bytes >> 1) : 'x'.repeat(bytes);
    const packed = body === 'packed' ? { body: new Uint8Array(bytes), bytes } : {};
    const entries = [anEntry({ value: JSON.stringify({ text }) })];
    trackers[tracker]?.send(entries, { attempt, exit, signal: controller.signal, ...packed }).catch(() => {});
  }

  function end(request: Request | undefined): void {
    if (!request) return;
    request.end();
    underWay.delete(request);
  }

  for (const step of given) {
    if (step.do === 'send') send(step);
    else end([...underWay][step.which % Math.max(1, underWay.size)]);
    await turn();
    check(total(underWay));
  }
  for (const request of underWay) end(request);
  await turn();
  check(0);
  return sent;
}

afterEach(() => vi.unstubAllGlobals());

test('keepalive requests under way never take more than the budget, over all trackers of the page', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      await run(given, (bytes) => expect(bytes).toBeLessThanOrEqual(budget));
    }),
  );
});

test('what is not under way is free again, however requests end', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      await run(given, (bytes) => expect(keepaliveRoom).toBe(budget - bytes));
    }),
  );
});

test('a request that should outlive its page does, if there is room for it', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      for (const { mayOutlive, before, request } of await run(given))
        expect(request.keepalive).toBe(mayOutlive && before + request.bytes <= budget);
    }),
  );
});
