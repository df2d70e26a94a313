import { describe, expect, it, test } from 'vitest';
import { aCanonicalEvent } from './canonical-events.ts';
import { destinationContract, goldenPayloads } from './destination-contract.ts';
import { type Ga4Options, ga4 } from './ga4.ts';
import { clientIdOf, sessionIdOf } from './ga4-ids.ts';
import { eventName, paramName } from './ga4-names.ts';

const apiSecret = 'secret-of-the-stream';
const create = (endpoint: string, options: Partial<Ga4Options> = {}) =>
  ga4({ measurementId: 'G-ABC123', apiSecret, endpoint, ...options });

describe('contract', () => {
  const cases = destinationContract({
    create,
    secrets: [apiSecret],
    itemsIn: ({ body }) => (JSON.parse(body) as { events: unknown[] }).events,
    success: () => ({ status: 204 }),
    answers: [
      { why: '204', answer: { status: 204 }, expected: 'delivered' },
      { why: '429', answer: { status: 429 }, expected: 'retry' },
      { why: '500', answer: { status: 500 }, expected: 'retry' },
      { why: '403', answer: { status: 403 }, expected: 'config' },
      { why: '413', answer: { status: 413 }, expected: 'dead' },
    ],
    maxBodyBytes: 130_000,
    sends: [],
  });
  for (const { rule, check } of cases) it(rule, { timeout: 60_000 }, check);
});

test('ten events in its words', async () => {
  await expect(goldenPayloads(create('http://127.0.0.1:9'))).toMatchFileSnapshot('golden/ga4.json');
});

function mapped(fields: object, options: Partial<Ga4Options> = {}) {
  const result = create('http://127.0.0.1:9', options).map?.(aCanonicalEvent(fields));
  if (result?.kind !== 'mapped') throw new Error(`expected a mapped event, got ${JSON.stringify(result)}`);
  return {
    item: JSON.parse(result.items[0] ?? '') as { name: string; params: Record<string, unknown> },
    person: JSON.parse(result.group ?? '') as Record<string, unknown>,
  };
}

test.each([
  { name: 'Invoice Paid', expected: 'Invoice_Paid' },
  { name: ' cart-opened.twice ', expected: 'cart_opened_twice' },
  { name: 'session_start', expected: 'ev_session_start' },
  { name: 'error', expected: 'ev_error' },
  { name: 'ga_custom', expected: 'ev_ga_custom' },
  { name: '_private', expected: 'ev_private' },
  { name: '9 lives', expected: 'ev_9_lives' },
  { name: 'größe', expected: 'grosse' },
  { name: 'À la carte!', expected: 'A_la_carte' },
  { name: 'ключ', expected: 'ev_1de36a32' },
  { name: 'Заказ 2', expected: 'ev_2_6d50fff8' },
  { name: '注文', expected: 'ev_266125dd' },
  { name: 'x'.repeat(60), expected: 'x'.repeat(40) },
])('an event named "$name" is $expected there', ({ name, expected }) => {
  expect(eventName(name)).toBe(expected);
});

test('properties of another script stay apart', () => {
  const { params } = mapped({
    type: 'track',
    event: 'Invoice Paid',
    properties: { цена: 2, цвет: 'blau', größe: 'L' },
  }).item;
  expect(params).toMatchObject({ [paramName('цена')]: 2, [paramName('цвет')]: 'blau', grosse: 'L' });
  expect(paramName('цена')).toMatch(/^p_[0-9a-f]{8}$/);
  expect(paramName('цвет')).not.toBe(paramName('цена'));
});

test.each([
  {
    why: 'a value with its currency',
    properties: { price: 2, quantity: 3, currency: 'eur' },
    options: {},
    expected: { value: 6, currency: 'EUR' },
  },
  {
    why: 'no currency: no value either, never a guess',
    properties: { price: 2, quantity: 3 },
    options: {},
    expected: {},
  },
  {
    why: 'the one that was configured',
    properties: { price: 2 },
    options: { currency: 'GBP' },
    expected: { value: 2, currency: 'GBP' },
  },
  {
    why: 'an order: revenue first',
    properties: { order_id: '1', revenue: 5, total: 9, currency: 'EUR' },
    options: {},
    expected: { value: 5, currency: 'EUR' },
  },
  {
    why: 'an order: subtotal without discount',
    properties: { order_id: '1', subtotal: 9.9, discount: 0.2, total: 20, currency: 'EUR' },
    options: {},
    expected: { value: 9.7, currency: 'EUR' },
  },
  {
    why: 'an order: total without tax and shipping',
    properties: { order_id: '1', total: 10, tax: 2, shipping: 3, currency: 'EUR' },
    options: {},
    expected: { value: 5, currency: 'EUR' },
  },
])('value: $why', ({ properties, options, expected }) => {
  const { params } = mapped({ type: 'track', event: 'Product Added', properties }, options).item;
  const { value, currency } = params;
  expect(JSON.parse(JSON.stringify({ value, currency }))).toEqual(expected);
});

test('no transaction id is sent empty: Google would take all such purchases for one', () => {
  const { params } = mapped({ type: 'track', event: 'Order Completed', properties: { order_id: '', total: 1 } }).item;
  expect(params).not.toHaveProperty('transaction_id');
});

test('texts are cut between characters, nested fields are flat, what it cannot hold is left out', () => {
  const properties = { note: `${'x'.repeat(99)}👩`, nested: { inner: { deep: 1 } }, list: ['a', 'b'], nothing: null };
  const { params } = mapped({ type: 'track', event: 'Note', properties }).item;
  expect(params).toMatchObject({ note: `${'x'.repeat(99)}👩`, nested_inner_deep: 1, list: 'a,b' });
  expect(params).not.toHaveProperty('nothing');
});

test('a property that is called like something every object has keeps its value', () => {
  const { params } = mapped({ type: 'track', event: 'Note', properties: { toString: 'a', valueOf: 'b' } }).item;
  expect(params).toMatchObject({ toString: 'a', valueOf: 'b' });
});

test('a limit that is undefined leaves the one that Google has', () => {
  const { limits } = ga4({ measurementId: 'G-DEMO', apiSecret: 'secret', limits: { maxEvents: undefined } as never });
  expect(limits?.maxEvents).toBe(25);
});

test('at most 25 params', () => {
  const properties = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`p${index}`, index]));
  expect(Object.keys(mapped({ type: 'track', event: 'Many', properties }).item.params)).toHaveLength(25);
});

describe("who it is: the browser's own, where it was handed over", () => {
  test.each([
    { why: 'the id', integrations: { ga4: { clientId: '12.34', sessionId: '99' } }, client: '12.34', session: '99' },
    {
      why: "the cookies' text",
      integrations: { ga4: { clientId: 'GA1.1.12.34', sessionId: 'GS1.1.99.3.1.99.0' } },
      client: '12.34',
      session: '99',
    },
    {
      why: 'the newer cookie',
      integrations: { ga4: { clientId: 'GA1.2.12.34', sessionId: 'GS2.1.s99$o3$g1' } },
      client: '12.34',
      session: '99',
    },
  ])('$why', ({ integrations, client, session }) => {
    const event = aCanonicalEvent({ type: 'page', integrations });
    expect([clientIdOf(event), sessionIdOf(event)]).toEqual([client, session]);
  });

  test('else one of our own: the same for a device, and its session from when it began', () => {
    const event = aCanonicalEvent({ type: 'page' });
    expect(clientIdOf(event)).toMatch(/^\d+\.\d+$/);
    expect(clientIdOf(event)).toBe(clientIdOf(aCanonicalEvent({ type: 'track', event: 'x', userId: 'other' })));
    expect(sessionIdOf(event)).toBe(String(Math.floor(0x0193488b0000 / 1_000)));
  });
});

describe('consent', () => {
  const said = (advertising: boolean, gpc?: boolean) => ({
    type: 'page',
    context: {
      consent: { categoryPreferences: { analytics: true, advertising }, ...(gpc ? { gpc } : {}) },
      traits: { email: 'a@b.example', plan: 'gold' },
    },
  });
  test.each([
    { why: 'a yes to advertising', event: said(true), answer: 'GRANTED', hasUserData: true },
    { why: 'a no', event: said(false), answer: 'DENIED', hasUserData: false },
    { why: 'Global Privacy Control beats a yes', event: said(true, true), answer: 'DENIED', hasUserData: false },
  ])('$why', ({ event, answer, hasUserData }) => {
    const { person } = mapped(event);
    expect(person.consent).toEqual({ ad_user_data: answer, ad_personalization: answer });
    expect('user_data' in person).toBe(hasUserData);
    expect(person.user_properties).toEqual({ plan: { value: 'gold' } });
  });
});

test('what a host says otherwise counts: names, fields, and null for not at all', () => {
  const mapping = {
    events: { 'Product Added': 'basket_add', Secret: null },
    fields: { cart: 'properties.cart_id' },
  };
  const { item } = mapped({ type: 'track', event: 'Product Added', properties: { cart_id: 'C-1' } }, { mapping });
  expect([item.name, item.params.cart]).toEqual(['basket_add', 'C-1']);
  const secret = create('http://127.0.0.1:9', { mapping }).map?.(aCanonicalEvent({ type: 'track', event: 'Secret' }));
  expect(secret).toEqual({ kind: 'dropped', reason: 'filtered' });
});
