import { inspect } from 'node:util';
import type { CollectedEvent, DeliveryOutcome, Destination, Diagnostic } from '@org/track-core';
import type { DestinationReport } from '../dispatch/books.ts';
import { createDispatcher } from '../dispatch/dispatcher.ts';
import { memoryLog } from '../log/memory-log.ts';
import { createNodeClock } from '../runtime/node-clock.ts';
import { aCanonicalEvent } from './canonical-events.ts';
import type { PersonalData } from './define-destination.ts';
import {
  createScriptedEndpoint,
  type EndpointAnswer,
  type ReceivedRequest,
  type ScriptedEndpoint,
} from './scripted-endpoint.ts';

/** Where the far end leaves something unanswered, a delivery is given up after this time, milliseconds. */
export const impatientMs = 400;
/** How long something may take on a busy machine, milliseconds. */
const patienceMs = 20_000;

export interface Scene {
  readonly endpoint: ScriptedEndpoint;
  readonly destination: Destination;
  readonly limits: { readonly maxEvents: number };
  readonly diagnostics: readonly Diagnostic[];
  readonly report: () => DestinationReport;
}

/** The destination as it runs: behind a log and a dispatcher, in front of a real server. */
export async function withEndpoint(
  answer: (request: ReceivedRequest, index: number) => EndpointAnswer,
  create: (endpoint: string) => Destination,
  events: readonly CollectedEvent[],
  look: (scene: Scene) => Promise<void>,
  timeoutMs: number = patienceMs,
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

export async function deliverDirectly(
  destination: Destination,
  events: readonly CollectedEvent[],
): Promise<DeliveryOutcome> {
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
export function many(count: number, special: (index: number) => object = () => ({})): readonly CollectedEvent[] {
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

export function recent(events: readonly CollectedEvent[]): readonly CollectedEvent[] {
  const timestamp = new Date(Date.now() - 1_000).toISOString();
  const old = '2026-11-20T10:00:00.123Z';
  return events.map((event) => (event.timestamp === old ? { ...event, timestamp } : event));
}

export const personal: readonly (readonly [PersonalData, string])[] = [
  ['email', 'ada.sample@example.com'],
  ['phone', '010-0123'],
  ['phone', '15550100123'],
  ['ip', '203.0.113.7'],
  ['user agent', 'linux x86_64'],
  ['name', '"sample"'],
];

const deep = (levels: number): object => (levels === 0 ? { end: true } : { next: deep(levels - 1) });

export const odd: readonly { readonly properties: object }[] = [
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

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export async function until(isTrue: () => boolean): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`Waited ${patienceMs} ms for ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function expectBelow(what: string, actual: number, limit: number): void {
  if (actual > limit) throw new Error(`${what}: expected at most ${limit}, got ${actual}`);
}

export function expectAbsent(what: string, text: string, part: string): void {
  if (text.includes(part)) throw new Error(`${what}: expected none in requests, found ${part}`);
}

export function expectHidden(secrets: readonly string[], shown: unknown): void {
  const text = inspect(shown, { depth: 12, showHidden: true, maxStringLength: null });
  const place = secrets.findIndex((secret) => text.includes(secret));
  if (place >= 0)
    throw new Error(`secrets[${place}] shows in ${text.replaceAll(secrets[place] ?? '', '***').slice(0, 300)}`);
}
