import { inspect } from 'node:util';
import type { DeliveryOutcome, Destination } from '@org/track-core';
import { expectSame } from '../testing/expect-same.ts';
import { canonicalEvents } from './canonical-events.ts';
import {
  deliverDirectly,
  expectAbsent,
  expectBelow,
  expectHidden,
  impatientMs,
  many,
  odd,
  parsed,
  personal,
  recent,
  type Scene,
  until,
  withEndpoint,
} from './contract-scene.ts';
import type { PersonalData } from './define-destination.ts';
import { createScriptedEndpoint, type EndpointAnswer, type ReceivedRequest } from './scripted-endpoint.ts';

/** What one documented answer of the far end must mean. */
export interface AnswerRow {
  /** What happened, for the case's name. */
  readonly why: string;
  readonly answer: EndpointAnswer;
  /** What becomes of a delivery of two events. */
  readonly expected: DeliveryOutcome['kind'] | 'partly';
}

/** A destination, and what its suite cannot know by itself. */
export interface DestinationUnderTest {
  /** Makes it with every secret set, its requests going to `endpoint`. */
  readonly create: (endpoint: string) => Destination;
  /** Every secret it was made with: none may show anywhere but in requests. */
  readonly secrets: readonly string[];
  /** The items of a request, as many as it carries. */
  readonly itemsIn: (request: ReceivedRequest) => readonly unknown[];
  /** The far end is happy with all of a request. */
  readonly success: (request: ReceivedRequest) => EndpointAnswer;
  /** It refuses a request for the sake of the items that say "poison"; left out where one bad event has none refused. */
  readonly refusal?: (request: ReceivedRequest, poisoned: readonly number[]) => EndpointAnswer;
  readonly answers: readonly AnswerRow[];
  /** Most bytes that a request may have. */
  readonly maxBodyBytes: number;
  /** What may be in requests as it is. */
  readonly sends: readonly PersonalData[];
  /** What differs from try to try, taken out of a request: a time, a signature. Default nothing does. */
  readonly stable?: (request: ReceivedRequest) => string;
}

export interface DestinationCase {
  readonly rule: string;
  /** Rejects with what was expected and what came. */
  readonly check: () => Promise<void>;
}

/** An event in a destination's own words. */
export interface GoldenPayload {
  readonly event: string;
  readonly group?: unknown;
  readonly items: readonly unknown[] | string;
}

/** What the destination makes of ten canonical events: JSON text to compare with what it made before, byte by byte. */
export function goldenPayloads(destination: Destination): string {
  const payloads = canonicalEvents().map((event): GoldenPayload => {
    const called = event.type === 'track' ? event.event : event.type;
    const mapped = destination.map?.(event);
    if (mapped === undefined) return { event: called, items: [event] };
    if (mapped.kind !== 'mapped') return { event: called, items: `${mapped.kind}: ${mapped.reason}` };
    const { items, group } = mapped;
    return {
      event: called,
      ...(group === undefined ? {} : { group: parsed(group) }),
      items: items.map((item) => JSON.parse(item) as unknown),
    };
  });
  return `${JSON.stringify(payloads, null, 2)}\n`;
}

/** Room for a few of the events of the suite, and for one of the large ones. */
const smallBytes = 24_000;
/** What stands around items in a request that is no batch. */
const smallEnvelopeBytes = 200;

/** What every destination must do, whatever its platform. Run each as a test of its own. */
export function destinationContract(under: DestinationUnderTest): readonly DestinationCase[] {
  const { create, secrets, itemsIn, success, refusal, answers, maxBodyBytes, sends } = under;
  const stable = under.stable ?? (({ body }) => body);

  return [
    {
      rule: 'keeps to its limits of events and bytes, measured as they travel',
      async check() {
        const events = many(120, (index) => ({
          properties: { text: 'ü'.repeat(index % 7 === 0 ? 4_000 : 50), index },
        }));
        // What stands around the items has the room that the limit leaves it; a small limit shows that it is kept.
        const { maxBytes = maxBodyBytes } = create('http://127.0.0.1:9').limits ?? {};
        expectBelow('limits.maxBytes', maxBytes, maxBodyBytes);
        const small = (endpoint: string): Destination => {
          const destination = create(endpoint);
          return { ...destination, limits: { ...destination.limits, maxBytes: smallBytes } };
        };
        const envelopeBytes = Math.max(smallEnvelopeBytes, maxBodyBytes - maxBytes);
        await withEndpoint(success, small, events, async ({ endpoint, report, limits }) => {
          await until(() => report().books.pending === 0);
          expectSame('delivered', report().books.delivered, events.length);
          for (const request of endpoint.received) {
            expectBelow('items', itemsIn(request).length, limits.maxEvents);
            expectBelow('bytes', Buffer.byteLength(request.body), smallBytes + envelopeBytes);
          }
        });
      },
    },
    ...answers.map(
      ({ why, answer, expected }): DestinationCase => ({
        rule: `answers: ${why}: ${expected}`,
        async check() {
          const endpoint = await createScriptedEndpoint(() => answer);
          try {
            const outcome = await deliverDirectly(create(endpoint.url), many(2));
            const isPartly = outcome.kind === 'delivered' && (outcome.verdicts?.size ?? 0) > 0;
            expectSame('outcome', isPartly ? 'partly' : outcome.kind, expected);
            expectHidden(secrets, outcome);
          } finally {
            await endpoint.close();
          }
        },
      }),
    ),
    ...(refusal === undefined ? [] : [poison(under, refusal)]),
    {
      rule: 'tries again with the very bytes of the first try',
      async check() {
        const answer = (request: ReceivedRequest, index: number): EndpointAnswer =>
          index === 0 ? { status: 503 } : success(request);
        await withEndpoint(answer, create, many(1), async ({ endpoint, report }) => {
          await until(() => report().books.pending === 0);
          expectSame('tries', endpoint.received.length, 2);
          const [first, second] = endpoint.received as [ReceivedRequest, ReceivedRequest];
          expectSame('second try', stable(second), stable(first));
        });
      },
    },
    {
      rule: 'asks nobody anything without consent',
      async check() {
        const noConsent = { context: { consent: { categoryPreferences: {} } } };
        await withEndpoint(
          success,
          create,
          many(3, () => noConsent),
          async ({ endpoint, report }) => {
            await until(() => report().books.pending === 0);
            expectSame('requests', endpoint.received.length, 0);
            expectSame('dropped', report().books.dropped, { consent: 3 });
          },
        );
      },
    },
    {
      rule: 'sends no address, phone or e-mail as it is, unless it says so',
      async check() {
        await withEndpoint(success, create, recent(canonicalEvents()), async ({ endpoint, report }) => {
          await until(() => report().books.pending === 0);
          const sent = endpoint.received
            .map(({ body, path }) => `${path} ${body}`)
            .join()
            .toLowerCase();
          for (const [kind, text] of personal) if (!sends.includes(kind)) expectAbsent(kind, sent, text);
        });
      },
    },
    {
      rule: 'shows no secret: not in itself, its errors, its diagnostics',
      async check() {
        const said = new Map<string, unknown>();
        for (const answer of [
          'reset',
          { status: 500, body: secrets.join(' ') },
          { status: 401, body: secrets.join() },
        ] as const) {
          await withEndpoint(
            () => answer,
            create,
            many(1),
            async ({ destination, diagnostics, report }) => {
              await until(() => report().deliveries.failed > 0);
              said.set(JSON.stringify(answer), [
                inspect(destination, { depth: 9, showHidden: true }),
                diagnostics,
                report(),
              ]);
            },
          );
        }
        expectHidden(secrets, [...said.values()]);
      },
    },
    {
      rule: 'makes dead letters of what is too old for it',
      async check() {
        const { maxAgeMs } = create('http://127.0.0.1:9');
        if (maxAgeMs === undefined) return;
        const old = { timestamp: new Date(Date.now() - maxAgeMs - 60_000).toISOString() };
        await withEndpoint(
          success,
          create,
          many(2, () => old),
          async ({ endpoint, report }) => {
            await until(() => report().books.pending === 0);
            expectSame('requests', endpoint.received.length, 0);
            expectSame('dead', report().books.dead, { too_old: 2 });
          },
        );
      },
    },
    {
      rule: 'takes whatever properties can hold',
      async check() {
        await withEndpoint(
          success,
          create,
          many(odd.length, (index) => odd[index] ?? {}),
          async ({ endpoint, report }) => {
            await until(() => report().books.pending === 0);
            expectSame('failed mappings', report().books.dead['mapping-failed'], undefined);
            for (const request of endpoint.received) itemsIn(request); // readable
          },
        );
      },
    },
    {
      rule: 'says of a request nobody answered what it is: sent again, or a dead letter where twice is twice',
      async check() {
        for (const trouble of ['hang', 'reset'] as const) {
          const answer = (request: ReceivedRequest, index: number): EndpointAnswer =>
            index === 0 ? trouble : success(request);
          const look = async ({ report, destination }: Scene): Promise<void> => {
            await until(() => report().books.pending === 0);
            const { delivered, dead } = report().books;
            const isOnce = destination.idempotency === 'none' && destination.resendsUnconfirmed !== true;
            expectSame(
              trouble,
              { delivered, dead },
              isOnce ? { delivered: 0, dead: { unconfirmed: 1 } } : { delivered: 1, dead: {} },
            );
          };
          await withEndpoint(answer, create, many(1), look, impatientMs);
        }
      },
    },
    {
      rule: 'waits as long as it is told to',
      async check() {
        const answer = (request: ReceivedRequest, index: number): EndpointAnswer =>
          index === 0 ? { status: 429, headers: { 'retry-after': '60' } } : success(request);
        await withEndpoint(answer, create, many(1), async ({ endpoint, report }) => {
          await until(() => report().deliveries.failed === 1);
          if (report().restMs < 50_000) throw new Error(`rest: expected about a minute, got ${report().restMs} ms`);
          expectSame('requests', endpoint.received.length, 1);
        });
      },
    },
  ];
}

function poison(
  { create, itemsIn, success }: DestinationUnderTest,
  refusal: NonNullable<DestinationUnderTest['refusal']>,
): DestinationCase {
  return {
    rule: 'of a batch with one bad event delivers the others, in few requests',
    async check() {
      const count = 20;
      const answer = (request: ReceivedRequest): EndpointAnswer => {
        const items = itemsIn(request).map((item) => JSON.stringify(item));
        const poisoned = items.flatMap((item, index) => (item.includes('poison') ? [index] : []));
        return poisoned.length === 0 ? success(request) : refusal(request, poisoned);
      };
      const events = many(count, (index) => (index === 11 ? { event: 'poison', properties: { note: 'poison' } } : {}));
      await withEndpoint(answer, create, events, async ({ endpoint, report, limits }) => {
        await until(() => report().books.pending === 0);
        const { delivered, dead } = report().books;
        expectSame('delivered', delivered, count - 1);
        expectSame('dead', Object.values(dead), [1]);
        const least = Math.ceil(count / Math.min(count, limits.maxEvents));
        expectBelow('requests', endpoint.received.length, least + 2 * Math.ceil(Math.log2(count)));
      });
    },
  };
}
