import { inspect } from 'node:util';
import type { CollectedEvent, DeliveryOutcome, Destination, Diagnostic } from '@org/track-core';
import type { DestinationReport } from '../dispatch/books.ts';
import { createDispatcher } from '../dispatch/dispatcher.ts';
import { memoryLog } from '../log/memory-log.ts';
import { createNodeClock } from '../runtime/node-clock.ts';
import { aCanonicalEvent, canonicalEvents } from './canonical-events.ts';
import type { PersonalData } from './define-destination.ts';
import {
  createScriptedEndpoint,
  type EndpointAnswer,
  type ReceivedRequest,
  type ScriptedEndpoint,
} from './scripted-endpoint.ts';

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

/** A delivery that hangs is given up after this time, milliseconds. */
const timeoutMs = 400;
/** How long something may take on a busy machine, milliseconds. */
const patienceMs = 20_000;

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
          await withEndpoint(answer, create, many(1), async ({ report, destination }) => {
            await until(() => report().books.pending === 0);
            const { delivered, dead } = report().books;
            const isOnce = destination.idempotency === 'none' && destination.resendsUnconfirmed !== true;
            expectSame(
              trouble,
              { delivered, dead },
              isOnce ? { delivered: 0, dead: { unconfirmed: 1 } } : { delivered: 1, dead: {} },
            );
          });
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

interface Scene {
  readonly endpoint: ScriptedEndpoint;
  readonly destination: Destination;
  readonly limits: { readonly maxEvents: number };
  readonly diagnostics: readonly Diagnostic[];
  readonly report: () => DestinationReport;
}

/** The destination as it runs: behind a log and a dispatcher, in front of a real server. */
async function withEndpoint(
  answer: (request: ReceivedRequest, index: number) => EndpointAnswer,
  create: DestinationUnderTest['create'],
  events: readonly CollectedEvent[],
  look: (scene: Scene) => Promise<void>,
): Promise<void> {
  const endpoint = await createScriptedEndpoint(answer);
  const destination = create(endpoint.url);
  const limits = { ...destination.limits, maxWaitMs: 0, timeoutMs };
  const log = memoryLog();
  const diagnostics: Diagnostic[] = [];
  await log.append({
    body: JSON.stringify({ batch: events }),
    ids: events.map(({ messageId }) => messageId),
    facts: { receivedAt: Date.now(), source: 'server' },
  });
  const dispatcher = createDispatcher({
    log,
    destinations: [{ ...destination, limits }],
    clock: createNodeClock(),
    random: () => 0.02, // short waits
    onDiagnostic: (diagnostic) => void diagnostics.push(diagnostic),
  });
  const report = (): DestinationReport => {
    const [only] = dispatcher.report();
    if (only === undefined) throw new Error('There is no destination.');
    return only;
  };
  try {
    await look({ endpoint, destination, limits: { maxEvents: limits.maxEvents ?? Infinity }, diagnostics, report });
  } finally {
    await dispatcher.close({ deadlineMs: 0 });
    await log.close();
    await endpoint.close();
  }
}

async function deliverDirectly(destination: Destination, events: readonly CollectedEvent[]): Promise<DeliveryOutcome> {
  const mapped = events.map((event) => destination.map?.(event));
  const items = mapped.map((each) => (each?.kind === 'mapped' ? each.items : []));
  const [first] = mapped;
  const group = first?.kind === 'mapped' ? first.group : undefined;
  const signal = AbortSignal.timeout(patienceMs);
  const isOne = destination.limits?.maxEvents === 1;
  return destination.deliver(isOne ? events.slice(0, 1) : events, {
    signal,
    items: isOne ? items.slice(0, 1) : items,
    ...(group === undefined ? {} : { group }),
  });
}

/** Events that just happened, of one person, each of them something every destination has words for. */
function many(count: number, special: (index: number) => object = () => ({})): readonly CollectedEvent[] {
  const product = { product_id: 'SKU-7', name: 'Desk lamp', price: 21.5, quantity: 1, currency: 'EUR' };
  return recent(
    Array.from({ length: count }, (_, index) => {
      const { properties, ...fields } = special(index) as { properties?: object };
      return aCanonicalEvent({
        type: 'track',
        event: 'Product Added',
        properties: { ...product, ...properties },
        ...fields,
      });
    }),
  );
}

function recent(events: readonly CollectedEvent[]): readonly CollectedEvent[] {
  const timestamp = new Date(Date.now() - 1_000).toISOString();
  const old = '2026-11-20T10:00:00.123Z';
  return events.map((event) => (event.timestamp === old ? { ...event, timestamp } : event));
}

const personal: readonly (readonly [PersonalData, string])[] = [
  ['email', 'ada.sample@example.com'],
  ['phone', '010-0123'],
  ['phone', '15550100123'],
  ['ip', '203.0.113.7'],
  ['user agent', 'linux x86_64'],
  ['name', '"sample"'],
];

const deep = (levels: number): object => (levels === 0 ? { end: true } : { next: deep(levels - 1) });

const odd: readonly { readonly properties: object }[] = [
  { properties: JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}') as object },
  { properties: { nothing: null, empty: '', list: [null, [], {}], products: 'none' } },
  { properties: { products: [null, 7, 'x', {}, { product_id: null }] } },
  {
    properties: { deep: deep(60), wide: Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`field ${n}`, n])) },
  },
  { properties: { price: '12,50', quantity: -1, value: 1e308, currency: 'euro', revenue: 'NaN' } },
  { properties: { ключ: '値', '': 'empty', $set: { a: 1 }, '9 lives': true, emoji: '👩‍🚀'.repeat(60) } },
  { properties: { lone: '\ud800 half a pair' } },
];

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`Waited ${patienceMs} ms for ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function expectSame(what: string, actual: unknown, expected: unknown): void {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (got !== wanted) throw new Error(`${what}: expected ${wanted}, got ${got}`);
}

function expectBelow(what: string, actual: number, limit: number): void {
  if (actual > limit) throw new Error(`${what}: expected at most ${limit}, got ${actual}`);
}

function expectAbsent(what: string, text: string, part: string): void {
  if (text.includes(part)) throw new Error(`${what}: expected none in requests, found ${part}`);
}

function expectHidden(secrets: readonly string[], shown: unknown): void {
  const text = inspect(shown, { depth: 12, showHidden: true, maxStringLength: null });
  const place = secrets.findIndex((secret) => text.includes(secret));
  if (place >= 0)
    throw new Error(`secrets[${place}] shows in ${text.replaceAll(secrets[place] ?? '', '***').slice(0, 300)}`);
}
