import { type CollectedEvent, definePlan } from '@org/track-core';
import {
  attribution,
  blockedShare,
  content,
  defineModel,
  eventViews,
  funnel,
  type Model,
  models,
  reconciliation,
  retention,
} from '@org/track-node/models';
import { z } from 'zod';

const plan = definePlan({
  version: '1',
  events: {
    'Order Completed': {
      properties: z.object({
        order_id: z.string(),
        total: z.number().optional(),
        quantity: z.int().nullable(),
        isGift: z.boolean().optional(),
        paid_at: z.iso.datetime().optional(),
        items: z.array(z.object({ id: z.string() })).optional(),
        size: z.union([z.string(), z.number()]).optional(),
        timestamp: z.string().optional(),
      }),
    },
    'order-completed': {},
  },
});
const orders = eventViews(plan)[0] as Model;
const conflicts = eventViews(plan).at(-1) as Model;
const order = (clock: string, properties: object): CollectedEvent => track(clock, 'Order Completed', properties);

function named(name: string): Model {
  const found = models.find((model) => model.name === name);
  if (found === undefined) throw new Error(`There is no model ${name}.`);
  return found;
}

/** Events, a model, and what it must say of them: worked out by hand, the same in every database. */
export interface ModelCase {
  readonly why: string;
  readonly model: Model;
  readonly events: readonly CollectedEvent[];
  /** What of the model is looked at; default all, in the order of its first column. */
  readonly ask?: string;
  readonly rows: readonly object[];
}

type Overrides = Record<string, unknown>;
let made = 0;

/** Something that happened at `clock` on the first of March 2026, or at a whole moment. */
function at(clock: string, overrides: Overrides = {}): CollectedEvent {
  const timestamp = clock.includes('T') ? clock : `2026-03-01T${clock}.000Z`;
  made++;
  return {
    type: 'track',
    event: 'x',
    messageId: `m${String(made).padStart(4, '0')}`,
    anonymousId: 'a',
    timestamp,
    originalTimestamp: timestamp,
    receivedAt: timestamp,
    source: 'browser',
    ...overrides,
  } as CollectedEvent;
}

const track = (clock: string, event: string, properties: object = {}, rest: Overrides = {}): CollectedEvent =>
  at(clock, { event, properties, ...rest });

const page = (clock: string, path: string, properties: object = {}, { context, ...rest }: Overrides = {}) =>
  at(clock, {
    type: 'page',
    event: undefined,
    properties,
    context: { page: { path }, ...(context as object) },
    ...rest,
  });

const inSession = (id: string): Overrides => ({ context: { session: { id } } });
const bySomeone = (anonymousId: string): Overrides => ({ anonymousId });
const moment = (clock: string): Date => new Date(clock.includes('T') ? clock : `2026-03-01T${clock}.000Z`);
const shop = ['Viewed', 'Added', 'Bought'];
const counts = 'SELECT name, visitors FROM funnel ORDER BY step';
const served = { source: 'server', anonymousId: undefined };

/** A page that the server served, as ids of one letter. */
const pageId = (letter: string): string => `0b8c1a52-7f0e-4c39-9d7a-00000000000${letter}`;
const servedAt = (clock: string, letter: string, told: object = {}, path = '/'): CollectedEvent =>
  track(
    clock,
    'Page Served',
    { page_view_id: pageId(letter), consent: 'given', browser: 'Chrome', ...told },
    { ...served, context: { page: { path } } },
  );
const seenAt = (clock: string, letter: string, path = '/'): CollectedEvent =>
  page(clock, path, {}, { context: { page: { path }, served: { id: pageId(letter) } } });

/** Every way there is for a page view to end. */
const pagesServed: readonly CollectedEvent[] = [
  servedAt('10:00:00', '1', {}, '/a'),
  seenAt('10:00:01', '1', '/a'),
  seenAt('10:05:01', '1', '/a'), // out of the browser's own cache
  servedAt('10:00:00', '2'), // and no more is heard
  servedAt('10:00:00', '3', { consent: 'denied' }),
  servedAt('10:00:00', '4', { consent: 'undecided', browser: 'Firefox' }),
  servedAt('10:00:00', '5', { consent: 'undecided', browser: 'Firefox' }),
  seenAt('10:00:09', '5'), // who said yes on this page
  servedAt('10:00:00', '6', { browser: undefined, bot: 'Googlebot' }),
  seenAt('10:00:02', '7', '/prerendered'), // the server did not count it
  servedAt('10:00:00', '8', { browser: 'Firefox' }),
  servedAt('10:00:03', '8', { browser: 'Firefox', called_home: true }),
  page('10:00:00', '/of-a-single-page-app'),
  // Whoever says it of somebody, or from a page, says something else.
  track('10:00:00', 'Page Served', { page_view_id: pageId('9'), consent: 'given' }),
  track('10:00:00', 'Page Served', { page_view_id: pageId('9'), consent: 'given' }, { anonymousId: undefined }),
  servedAt('10:00:00', 'a', { called_home: true }), // of an answer that nobody told of
  track('10:00:00', 'Page Served', { page_view_id: pageId('9'), consent: 'given' }, { source: 'server' }),
];

export const modelCases: readonly ModelCase[] = [
  {
    why: 'a column for each property of the plan: what is not of its type is NULL there, and what is of no one type is text',
    model: orders,
    ask: `SELECT order_id, total, quantity, is_gift, paid_at, size FROM ${orders.name} ORDER BY message_id`,
    events: [
      order('10:00:00', {
        order_id: 'o1',
        total: 1e21,
        quantity: 3,
        isGift: true,
        paid_at: '2024-02-29T22:00:00.500000001+14:00',
        size: 4,
      }),
      order('10:01:00', {
        order_id: 7,
        total: '9.90',
        quantity: 2.5,
        isGift: 'yes',
        paid_at: '2026-02-29T10:00:00Z',
        size: 'L',
      }),
      order('10:02:00', { order_id: { a: 1 }, total: null, quantity: 1e300 }),
      track('10:03:00', 'order-completed', { order_id: 'of another' }),
    ],
    rows: [
      {
        order_id: 'o1',
        total: 1e21,
        quantity: 3,
        is_gift: true,
        paid_at: new Date('2024-02-29T08:00:00.500Z'),
        size: '4',
      },
      { order_id: null, total: null, quantity: null, is_gift: null, paid_at: null, size: 'L' },
      { order_id: null, total: null, quantity: null, is_gift: null, paid_at: null, size: null },
    ],
  },
  {
    why: 'what is not of its type is listed and counted; what is missing or null is not',
    model: conflicts,
    ask: 'SELECT event, property, expected, found, times FROM type_conflicts ORDER BY property, found, timestamp',
    events: [
      order('10:00:00', { order_id: 7, quantity: 1 }),
      order('10:01:00', { order_id: 8, quantity: 2.5, total: null, size: true }),
      order('10:02:00', { order_id: ['o'], paid_at: 'soon', items: 'none', isGift: false }),
      track('10:03:00', 'order-completed', { order_id: 7 }),
    ],
    rows: [
      { property: 'items', expected: 'array', found: 'string', times: 1 },
      { property: 'order_id', expected: 'string', found: 'array', times: 1 },
      { property: 'order_id', expected: 'string', found: 'number', times: 2 },
      { property: 'order_id', expected: 'string', found: 'number', times: 2 },
      { property: 'paid_at', expected: 'time', found: 'string', times: 1 },
      { property: 'quantity', expected: 'integer', found: 'number', times: 1 },
    ].map((row) => ({ event: 'Order Completed', ...row })),
  },
  {
    why: 'who was on which device; a previous id that was a user is none',
    model: named('identities'),
    ask: 'SELECT anonymous_id, user_id, is_shared, events FROM identities ORDER BY anonymous_id, user_id',
    events: [
      at('10:00:00', { anonymousId: 'phone', userId: 'u1' }),
      at('10:01:00', { anonymousId: 'tablet', userId: 'u1' }),
      at('10:02:00', { anonymousId: 'tablet', userId: 'u2' }),
      at('10:03:00', { type: 'alias', event: undefined, anonymousId: undefined, userId: 'u2', previousId: 'laptop' }),
      at('10:04:00', { type: 'alias', event: undefined, anonymousId: undefined, userId: 'u3', previousId: 'u1' }),
      at('10:05:00', { anonymousId: 'stranger' }),
    ],
    rows: [
      { anonymous_id: 'laptop', user_id: 'u2', is_shared: false, events: 1 },
      { anonymous_id: 'phone', user_id: 'u1', is_shared: false, events: 1 },
      { anonymous_id: 'tablet', user_id: 'u1', is_shared: true, events: 1 },
      { anonymous_id: 'tablet', user_id: 'u2', is_shared: true, events: 1 },
    ],
  },
  {
    why: 'an event of nobody is its device’s one person’s, also from before they said who they are',
    model: named('stitched_events'),
    ask: 'SELECT anonymous_id, user_id, person_id, known_by FROM stitched_events ORDER BY timestamp',
    events: [
      at('10:00:00', { anonymousId: 'phone' }),
      at('10:01:00', { anonymousId: 'phone', userId: 'u1' }),
      at('10:02:00', { anonymousId: 'tablet', userId: 'u1' }),
      at('10:03:00', { anonymousId: 'tablet', userId: 'u2' }),
      at('10:04:00', { anonymousId: 'tablet' }),
      at('10:05:00', { anonymousId: undefined, userId: 'u2' }),
    ],
    rows: [
      { anonymous_id: 'phone', user_id: null, person_id: 'u1', known_by: 'device' },
      { anonymous_id: 'phone', user_id: 'u1', person_id: 'u1', known_by: 'user' },
      { anonymous_id: 'tablet', user_id: 'u1', person_id: 'u1', known_by: 'user' },
      { anonymous_id: 'tablet', user_id: 'u2', person_id: 'u2', known_by: 'user' },
      { anonymous_id: 'tablet', user_id: null, person_id: 'tablet', known_by: 'nobody' },
      { anonymous_id: null, user_id: 'u2', person_id: 'u2', known_by: 'user' },
    ],
  },
  {
    why: 'a session has its first and last page, its length, and the person who signed in during it',
    model: named('sessions'),
    events: [
      page('10:05:00', '/b', {}, inSession('s1')),
      page('10:00:00', '/a', {}, inSession('s1')),
      track('10:06:30', 'x', {}, { ...inSession('s1'), userId: 'u1' }),
      page('11:00:00', '/c', {}, { ...inSession('s2'), anonymousId: 'b' }),
      track('12:00:00', 'outside of any'),
    ],
    rows: [
      {
        session_id: 's1',
        visitor: 'a',
        user_id: 'u1',
        started_at: moment('10:00:00'),
        ended_at: moment('10:06:30'),
        seconds: 390,
        events: 3,
        page_views: 2,
        landing_path: '/a',
        exit_path: '/b',
        is_bounce: false,
      },
      {
        session_id: 's2',
        visitor: 'b',
        user_id: null,
        started_at: moment('11:00:00'),
        ended_at: moment('11:00:00'),
        seconds: 0,
        events: 1,
        page_views: 1,
        landing_path: '/c',
        exit_path: '/c',
        is_bounce: true,
      },
    ],
  },
  {
    why: 'of a page view the largest total counts, also what the next page says of it, and an odd number is nothing',
    model: named('page_engagement'),
    ask: 'SELECT view_id, page_path, seconds, percent FROM page_engagement ORDER BY view_id',
    events: [
      page('10:00:00', '/a', { view_id: 'v1' }),
      track('10:00:15', 'Page Engaged', { view_id: 'v1', seconds: 15, percent: 40 }),
      track('10:00:45', 'Page Engaged', { view_id: 'v1', seconds: 'many', percent: 60 }),
      page('10:01:00', '/b', { view_id: 'v2', previous_view_id: 'v1', previous_seconds: 50.5, previous_percent: 60 }),
      track('10:01:09', 'Page Engaged', { view_id: 'v2', seconds: 9, percent: 100 }),
      track('10:01:09', 'Page Engaged', { view_id: 'v2', seconds: 1e20, percent: 'NaN' }),
      page('10:02:00', '/c', { view_id: 'v3' }),
      track('10:03:00', 'Page Engaged', { view_id: 'of no page', seconds: 3 }),
    ],
    rows: [
      { view_id: 'v1', page_path: '/a', seconds: 50.5, percent: 60 },
      { view_id: 'v2', page_path: '/b', seconds: 9, percent: 100 },
      { view_id: 'v3', page_path: '/c', seconds: null, percent: null },
    ],
  },
  {
    why: 'a step counts after the one before it, however often either happened',
    model: funnel(shop),
    events: [
      track('10:00:00', 'Viewed'),
      track('10:01:00', 'Viewed'),
      track('10:02:00', 'Added'),
      track('10:03:00', 'Bought', {}, { source: 'server' }),
      track('10:00:00', 'Added', {}, bySomeone('b')), // too early
      track('10:01:00', 'Viewed', {}, bySomeone('b')),
      track('10:02:00', 'Bought', {}, bySomeone('b')),
      track('10:01:00', 'Viewed', {}, bySomeone('c')),
      track('10:01:00', 'Added', {}, bySomeone('c')), // at once
      track('10:00:00', 'Bought', {}, bySomeone('c')),
      track('10:01:00', 'Viewed', {}, { anonymousId: undefined, userId: 'd' }),
      track('10:01:00', 'Bought', {}, bySomeone('e')),
    ],
    rows: [
      { step: 1, name: 'Viewed', visitors: 4, percent_of_first: 100, percent_of_previous: null },
      { step: 2, name: 'Added', visitors: 2, percent_of_first: 50, percent_of_previous: 50 },
      { step: 3, name: 'Bought', visitors: 1, percent_of_first: 25, percent_of_previous: 50 },
    ],
  },
  {
    why: 'in any order a step counts whenever it happened, if those before it did too',
    model: funnel(shop, { order: 'any' }),
    ask: counts,
    events: [
      track('10:05:00', 'Viewed'),
      track('10:01:00', 'Added'),
      track('10:03:00', 'Bought'),
      track('10:00:00', 'Bought', {}, bySomeone('b')),
      track('10:00:00', 'Viewed', {}, bySomeone('b')),
    ],
    rows: [
      { name: 'Viewed', visitors: 2 },
      { name: 'Added', visitors: 1 },
      { name: 'Bought', visitors: 1 },
    ],
  },
  {
    why: 'within a time a step counts if any beginning reached it in time',
    model: funnel(shop, { withinSeconds: 600 }),
    ask: counts,
    events: [
      track('10:00:00', 'Viewed'), // too early for the order
      track('10:05:00', 'Added'),
      track('10:06:00', 'Viewed'),
      track('10:07:00', 'Added'),
      track('10:16:00', 'Bought'), // to the second in time
      track('10:00:00', 'Viewed', {}, bySomeone('b')),
      track('10:09:00', 'Added', {}, bySomeone('b')),
      track('10:10:01', 'Bought', {}, bySomeone('b')),
      track('10:00:00', 'Viewed', {}, bySomeone('c')),
      track('10:11:00', 'Added', {}, bySomeone('c')),
      track('10:12:00', 'Bought', {}, bySomeone('c')),
    ],
    rows: [
      { name: 'Viewed', visitors: 3 },
      { name: 'Added', visitors: 2 },
      { name: 'Bought', visitors: 1 },
    ],
  },
  ...[{ order: 'time' }, { withinSeconds: 600 }, { order: 'any' }].map((options) => ({
    why: `a step that comes again is another event: ${JSON.stringify(options)}`,
    model: funnel(['Viewed', 'Added', 'Viewed', 'Viewed'], options as object),
    ask: 'SELECT step, visitors FROM funnel ORDER BY step',
    events: [
      track('10:00:00', 'Viewed'),
      track('10:00:00', 'Added'),
      track('10:00:00', 'Viewed', {}, bySomeone('b')), // all at once, and there are three
      track('10:00:00', 'Viewed', {}, bySomeone('b')),
      track('10:00:00', 'Added', {}, bySomeone('b')),
      track('10:00:00', 'Viewed', {}, bySomeone('b')),
      track('10:00:00', 'Viewed', {}, bySomeone('c')),
      track('10:01:00', 'Added', {}, bySomeone('c')),
      track('10:02:00', 'Viewed', {}, bySomeone('c')),
    ],
    rows: [
      { step: 1, visitors: 3 },
      { step: 2, visitors: 3 },
      { step: 3, visitors: 2 },
      { step: 4, visitors: 1 },
    ],
  })),
  {
    why: 'steps are named in any words, and may be pages',
    model: funnel([`it's`, { page: `/a'b\\` }, `\\'; DROP TABLE events; --`]),
    ask: counts,
    events: [
      track('10:00:00', `it's`),
      page('10:01:00', `/a'b\\`),
      track('10:02:00', `\\'; DROP TABLE events; --`),
      page('10:01:00', '/elsewhere', {}, bySomeone('b')),
    ],
    rows: [
      { name: `it's`, visitors: 1 },
      { name: `/a'b\\`, visitors: 1 },
      { name: `\\'; DROP TABLE events; --`, visitors: 1 },
    ],
  },
  {
    why: 'nobody at the first step is no division by zero',
    model: funnel(['Viewed', 'Bought']),
    events: [],
    rows: [
      { step: 1, name: 'Viewed', visitors: 0, percent_of_first: null, percent_of_previous: null },
      { step: 2, name: 'Bought', visitors: 0, percent_of_first: null, percent_of_previous: null },
    ],
  },
  {
    why: 'a cart ends with its order; what is added afterwards is another cart, and one of nothing is none',
    model: named('carts'),
    ask: 'SELECT visitor, orders_before, added, removed, value, ordered_at, is_abandoned FROM carts ORDER BY visitor, orders_before',
    events: [
      track('10:00:00', 'Product Added', { price: 10, quantity: 2 }),
      track('10:01:00', 'Product Added', { price: 5.5 }),
      track('10:02:00', 'Product Removed', { price: 10, quantity: 1 }),
      track('10:03:00', 'Checkout Started'),
      track('10:04:00', 'Order Completed', {}, { source: 'server' }),
      track('10:10:00', 'Product Added', { price: 3, quantity: 1 }),
      track('10:00:00', 'Order Completed', {}, bySomeone('b')),
    ],
    rows: [
      {
        visitor: 'a',
        orders_before: 0,
        added: 2,
        removed: 1,
        value: 15.5,
        ordered_at: moment('10:04:00'),
        is_abandoned: false,
      },
      { visitor: 'a', orders_before: 1, added: 1, removed: 0, value: 3, ordered_at: null, is_abandoned: true },
    ],
  },
  {
    why: 'of a content each variant has its own figures, and a reading counts once, from the middle on',
    model: content(),
    ask: 'SELECT * FROM content ORDER BY variant NULLS FIRST',
    events: [
      ...['10:00:00', '10:00:01', '10:00:02', '10:00:03'].map((clock) =>
        track(clock, 'Impression', { id: 'c1', variant: 'A', title: 'Ada' }),
      ),
      track('10:00:04', 'Headline Clicked', { id: 'c1', variant: 'A' }),
      track('10:00:05', 'Headline Clicked', { id: 'c1', variant: 'A' }),
      track('10:01:00', 'Article Read', { id: 'c1', variant: 'A', view_id: 'v1', percent: 50 }),
      track('10:02:00', 'Article Read', { id: 'c1', variant: 'A', view_id: 'v1', percent: 90 }),
      track('10:02:00', 'Article Read', { id: 'c1', variant: 'A', view_id: 'v2', percent: 49 }),
      track('10:00:00', 'Impression', { id: 'c1' }),
    ],
    rows: [
      {
        id: 'c1',
        variant: null,
        title: null,
        impressions: 1,
        clicks: 0,
        reads: 0,
        click_percent: 0,
        read_percent: null,
      },
      {
        id: 'c1',
        variant: 'A',
        title: 'Ada',
        impressions: 4,
        clicks: 2,
        reads: 1,
        click_percent: 50,
        read_percent: 50,
      },
    ],
  },
  {
    why: 'contents go by the words of whoever records them',
    model: content({
      name: 'teasers',
      events: { impression: 'Teaser Seen', click: 'Teaser Opened', read: 'Story Read' },
      properties: { id: 'story', variant: `teaser's`, title: 'words' },
      readPercent: 80,
    }),
    ask: 'SELECT id, variant, title, impressions, clicks, reads FROM teasers',
    events: [
      track('10:00:00', 'Teaser Seen', { story: 's1', "teaser's": 'B', words: 'Come' }),
      track('10:00:01', 'Teaser Opened', { story: 's1', "teaser's": 'B' }),
      track('10:00:09', 'Story Read', { story: 's1', "teaser's": 'B', percent: 79 }),
      track('10:00:09', 'Story Read', { story: 's1', "teaser's": 'B', percent: 80 }),
      track('10:00:09', 'Impression', { id: 'x' }),
    ],
    rows: [{ id: 's1', variant: 'B', title: 'Come', impressions: 1, clicks: 1, reads: 1 }],
  },
  {
    why: 'weeks begin on Monday, a visitor belongs to the first, and counts once in each',
    model: retention(),
    ask: 'SELECT * FROM retention ORDER BY cohort, weeks_later',
    events: [
      track('2026-03-01T23:59:59.000Z', 'x'), // a Sunday
      track('2026-03-02T00:00:00.000Z', 'x'),
      track('2026-03-03T00:00:00.000Z', 'x'),
      track('2026-03-16T00:00:00.000Z', 'x'),
      track('2026-02-23T00:00:00.000Z', 'x', {}, bySomeone('b')),
      track('2026-03-02T00:00:00.000Z', 'x', {}, bySomeone('c')),
    ],
    rows: [
      { cohort: '2026-02-23', weeks_later: 0, size: 2, visitors: 2, percent: 100 },
      { cohort: '2026-02-23', weeks_later: 1, size: 2, visitors: 1, percent: 50 },
      { cohort: '2026-02-23', weeks_later: 3, size: 2, visitors: 1, percent: 50 },
      { cohort: '2026-03-02', weeks_later: 0, size: 1, visitors: 1, percent: 100 },
    ],
  },
  {
    why: 'retention by day',
    model: retention({ name: 'daily', by: 'day' }),
    ask: 'SELECT * FROM daily ORDER BY days_later',
    events: [track('2026-03-01T23:59:59.999Z', 'x'), track('2026-03-03T00:00:00.000Z', 'x')],
    rows: [
      { cohort: '2026-03-01', days_later: 0, size: 1, visitors: 1, percent: 100 },
      { cohort: '2026-03-01', days_later: 2, size: 1, visitors: 1, percent: 100 },
    ],
  },
  {
    why: 'the first source and the last before the order; a direct visit takes nothing away, a later one has no part in it',
    model: attribution(),
    ask: 'SELECT value, first_source, first_medium, first_campaign, last_source, last_medium, last_campaign FROM attribution',
    events: [
      page('10:00:00', '/', {}, { context: { campaign: { source: 'news', medium: 'email', name: 'march' } } }),
      page('11:00:00', '/', {}, { context: { referrer: { url: 'https://search.example:8443/' } } }),
      page('12:00:00', '/'),
      track('12:01:00', 'Order Completed', { total: 30 }, { source: 'server' }),
      page('13:00:00', '/', {}, { context: { campaign: { source: 'late' } } }),
      page('12:00:30', '/', {}, { anonymousId: 'b', context: { campaign: { source: 'of another' } } }),
    ],
    rows: [
      {
        value: 30,
        first_source: 'news',
        first_medium: 'email',
        first_campaign: 'march',
        last_source: 'search.example',
        last_medium: 'referral',
        last_campaign: null,
      },
    ],
  },
  {
    why: 'what a device remembers of the first visit comes before what was seen',
    model: attribution({ name: 'won', event: 'Signed Up' }),
    ask: 'SELECT visitor, first_source, last_source FROM won ORDER BY visitor',
    events: [
      page('10:00:00', '/', {}, { context: { campaign: { source: 'second' } } }),
      page(
        '10:30:00',
        '/',
        {},
        {
          context: { campaign: { source: 'third' }, attribution: { first: { campaign: { source: 'remembered' } } } },
        },
      ),
      track('11:00:00', 'Signed Up'),
      track('11:00:00', 'Signed Up', {}, bySomeone('b')),
    ],
    rows: [
      { visitor: 'a', first_source: 'remembered', last_source: 'third' },
      { visitor: 'b', first_source: 'direct', last_source: 'direct' },
    ],
  },
  {
    why: 'a playing has the largest of its totals, and its asset by either name',
    model: named('media_quality'),
    ask: 'SELECT play, asset, total_seconds, played_seconds, startup_ms, stalls, stalled_seconds, is_completed, is_interrupted FROM media_quality ORDER BY play',
    events: [
      track('10:00:00', 'Video Playback Started', { session_id: 'p1', content_asset_id: 'film', total_length: 100 }),
      track('10:00:10', 'Video Content Playing', {
        session_id: 'p1',
        asset_id: 'film',
        watched_ms: 10_000,
        startup_ms: 300,
        stall_count: 1,
        stall_ms: 500,
      }),
      track('10:01:40', 'Video Content Completed', {
        session_id: 'p1',
        asset_id: 'film',
        watched_ms: 99_500,
        stall_count: 1,
      }),
      track('10:00:00', 'Video Playback Interrupted', { session_id: 'p2', content_asset_id: 'film' }),
      track('10:00:00', 'Videography Begun', { session_id: 'p3' }),
    ],
    rows: [
      {
        play: 'p1',
        asset: 'film',
        total_seconds: 100,
        played_seconds: 99.5,
        startup_ms: 300,
        stalls: 1,
        stalled_seconds: 0.5,
        is_completed: true,
        is_interrupted: false,
      },
      {
        play: 'p2',
        asset: 'film',
        total_seconds: null,
        played_seconds: null,
        startup_ms: null,
        stalls: null,
        stalled_seconds: null,
        is_completed: false,
        is_interrupted: true,
      },
    ],
  },
  {
    why: 'a number is one however many digits it has, and however small it is',
    model: defineModel(
      'numbers',
      'One.',
      ({ number }) => `SELECT ${number('properties', 'value')} AS value FROM events`,
    ),
    events: [1.5e-25, 0.000_001_234_567_890_123_456_7, 0.000_012_345_678_901_234_568, -12.5].map((value) =>
      track('10:00:00', 'x', { value }),
    ),
    rows: [-12.5, 1.5e-25, 0.000_001_234_567_890_123_456_7, 0.000_012_345_678_901_234_568].map((value) => ({ value })),
  },
  {
    why: 'of a load the last word counts, not the largest',
    model: named('web_vitals'),
    ask: 'SELECT load, page_path, lcp_ms, inp_ms, cls, lcp_rating FROM web_vitals ORDER BY load',
    events: [
      track(
        '10:00:00',
        'Web Vitals',
        { lcp_ms: 900, cls: 0.3 },
        { messageId: 'w1', context: { page: { path: '/a' } } },
      ),
      track(
        '10:00:09',
        'Web Vitals',
        { updates: 'w1', lcp_ms: 900, inp_ms: 40, cls: 0.2, lcp_rating: 'good' },
        { messageId: 'w0', context: { page: { path: '/a' } } },
      ),
      track('10:00:00', 'Web Vitals', { lcp_ms: 5_000 }, { messageId: 'w2' }),
    ],
    rows: [
      { load: 'w1', page_path: '/a', lcp_ms: 900, inp_ms: 40, cls: 0.2, lcp_rating: 'good' },
      { load: 'w2', page_path: null, lcp_ms: 5_000, inp_ms: null, cls: null, lcp_rating: null },
    ],
  },
  {
    why: 'a form is given up at the field where most did; pressing a button without filling in is no submission',
    model: named('form_abandonment'),
    ask: 'SELECT * FROM form_abandonment ORDER BY form, step',
    events: [
      ...['a', 'b', 'c', 'd'].map((who) =>
        track('10:00:00', 'Form Started', { form_id: 'f', step: 'pay', field: 'name' }, bySomeone(who)),
      ),
      track('10:00:05', 'Form Submitted', {
        form_id: 'f',
        step: 'pay',
        last_field: 'card',
        fields_touched: 2,
        duration_ms: 4_000,
      }),
      track('10:00:05', 'Form Submitted', {
        form_id: 'f',
        step: 'pay',
        last_field: 'card',
        fields_touched: 0,
        duration_ms: 90_000,
      }),
      track('10:00:05', 'Form Abandoned', { form_id: 'f', step: 'pay', last_field: 'card' }, bySomeone('b')),
      track('10:00:05', 'Form Abandoned', { form_id: 'f', step: 'pay', last_field: 'name' }, bySomeone('c')),
      track('10:00:05', 'Form Abandoned', { form_id: 'f', step: 'pay', last_field: 'name' }, bySomeone('d')),
      track('10:00:05', 'Form Submitted', { form_id: 'never started', fields_touched: 1 }),
    ],
    rows: [
      {
        form: 'f',
        step: 'pay',
        started: 4,
        submitted: 1,
        abandoned: 3,
        abandoned_percent: 75,
        given_up_at: 'name',
        median_seconds: 4,
      },
    ],
  },
  {
    why: 'a gap is lost, also at the end of a page of which the next one tells, and a whole page',
    model: named('completeness'),
    ask: 'SELECT stream, browser, made, arrived, lost FROM completeness ORDER BY stream',
    events: [
      ...[1, 2, 4].map((number) =>
        at('10:00:00', { context: { userAgent: 'X Firefox/140.0', stream: { id: 's1', number } } }),
      ),
      at('10:01:00', {
        context: {
          userAgent: 'X Chrome/140.0 Safari/537.36',
          stream: { id: 's2', number: 1, previous: { id: 's1', number: 6 } },
        },
      }),
      at('10:02:00', { context: { stream: { id: 's3', number: 1, previous: { id: 's0', number: 2 } } } }),
      at('10:02:00', { context: { stream: { id: 's4', number: 'odd' } } }),
      at('10:02:10', { context: { stream: { id: 's4', number: 1e30, previous: { id: 's5', number: '-9e99' } } } }),
      at('10:02:00'),
    ],
    rows: [
      { stream: 's0', browser: 'other', made: 2, arrived: 0, lost: 2 },
      { stream: 's1', browser: 'Chrome', made: 6, arrived: 3, lost: 3 },
      { stream: 's2', browser: 'Chrome', made: 1, arrived: 1, lost: 0 },
      { stream: 's3', browser: 'other', made: 1, arrived: 1, lost: 0 },
    ],
  },
  {
    why: 'an order is told by both, by one, twice; and some visitors no page ever told of',
    model: reconciliation({ browserEvent: 'Thanks Viewed' }),
    ask: 'SELECT key, told_by, server_value, browser_value, server_times, browser_times, browser_events FROM reconciliation ORDER BY key',
    events: [
      track('10:00:00', 'Order Completed', { order_id: 'o1', total: 10 }, { source: 'server' }),
      track('10:00:01', 'Thanks Viewed', { order_id: 'o1', value: 9 }),
      track('10:00:02', 'Thanks Viewed', { order_id: 'o1', value: 9 }),
      track('10:00:00', 'Order Completed', { order_id: 'o2', total: 20 }, { ...served, userId: 'blocked' }),
      track('10:00:01', 'Thanks Viewed', { order_id: 'forged', value: 1 }, bySomeone('b')),
      track('10:00:01', 'Order Completed', { order_id: 'forged' }, bySomeone('b')),
    ],
    rows: [
      {
        key: 'forged',
        told_by: 'browser only',
        server_value: null,
        browser_value: 1,
        server_times: 0,
        browser_times: 1,
        browser_events: 2,
      },
      {
        key: 'o1',
        told_by: 'both',
        server_value: 10,
        browser_value: 9,
        server_times: 1,
        browser_times: 2,
        browser_events: 2,
      },
      {
        key: 'o2',
        told_by: 'server only',
        server_value: 20,
        browser_value: null,
        server_times: 1,
        browser_times: 0,
        browser_events: 0,
      },
    ],
  },
  {
    why: 'confirmed beats all, then bots, then silence that was meant; nothing says whose they were',
    model: named('served_pages'),
    events: pagesServed,
    rows: (
      [
        ['1', 'confirmed', 'both', '/a', '10:00:00', '10:00:01', 'given', 'Chrome', null, false],
        ['2', 'unconfirmed', 'server only', '/', '10:00:00', null, 'given', 'Chrome', null, false],
        ['3', 'declined', 'server only', '/', '10:00:00', null, 'denied', 'Chrome', null, false],
        ['4', 'declined', 'server only', '/', '10:00:00', null, 'undecided', 'Firefox', null, false],
        ['5', 'confirmed', 'both', '/', '10:00:00', '10:00:09', 'undecided', 'Firefox', null, false],
        ['6', 'bot', 'server only', '/', '10:00:00', null, 'given', null, 'Googlebot', false],
        ['7', 'confirmed', 'browser only', '/prerendered', null, '10:00:02', null, null, null, false],
        ['8', 'unconfirmed', 'server only', '/', '10:00:00', null, 'given', 'Firefox', null, true],
      ] as const
    ).map(([letter, state, told_by, page_path, at, seen, consent, browser, bot, has_called_home]) => ({
      page_view_id: pageId(letter),
      ...{ state, told_by, page_path },
      served_at: at && moment(at),
      seen_at: seen && moment(seen),
      ...{ consent, browser, bot, has_called_home },
    })),
  },
  {
    why: 'two of three that should have been heard of were not; one of these had called home',
    model: named('blocked_share'),
    ask: `SELECT served, confirmed, declined, bot, unconfirmed, expected, round(percent) AS percent,
      round(percent_low) AS low, round(percent_high) AS high, round(control_percent) AS control,
      round(percent_less_control) AS less FROM blocked_share`,
    events: pagesServed,
    rows: [
      {
        ...{ served: 7, confirmed: 2, declined: 2, bot: 1, unconfirmed: 2, expected: 3 },
        ...{ percent: 67, low: 21, high: 94, control: 33, less: 33 },
      },
    ],
  },
  {
    why: 'by browser, without a control; of none nothing is said',
    model: blockedShare({ name: 'blocked_by_browser', by: 'browser' }),
    ask: `SELECT browser, served, expected, round(percent) AS percent, round(percent_low) AS low,
      round(percent_high) AS high, control_percent FROM blocked_by_browser ORDER BY browser`,
    events: [
      servedAt('10:00:00', '1', { browser: 'Chrome' }),
      seenAt('10:00:00', '1'),
      servedAt('10:00:00', '2', { browser: 'Chrome' }),
      seenAt('10:00:00', '2'),
      servedAt('10:00:00', '3', { browser: 'Edge' }),
      servedAt('10:00:00', '4', { browser: 'Safari', consent: 'denied' }),
    ],
    rows: [
      { browser: 'Chrome', served: 2, expected: 2, percent: 0, low: 0, high: 66, control_percent: null },
      { browser: 'Edge', served: 1, expected: 1, percent: 100, low: 21, high: 100, control_percent: null },
      { browser: 'Safari', served: 1, expected: 0, percent: null, low: null, high: null, control_percent: null },
    ],
  },
  {
    why: 'a day is a day in UTC',
    model: blockedShare({ by: 'day' }),
    ask: 'SELECT CAST(day AS VARCHAR) AS day, served, unconfirmed FROM blocked_share ORDER BY day',
    events: [
      servedAt('2026-03-01T23:59:59.000Z', '1'),
      servedAt('2026-03-02T00:00:00.000Z', '2'),
      seenAt('2026-03-02T00:00:01.000Z', '2'),
    ],
    rows: [
      { day: '2026-03-01', served: 1, unconfirmed: 1 },
      { day: '2026-03-02', served: 1, unconfirmed: 0 },
    ],
  },
];
