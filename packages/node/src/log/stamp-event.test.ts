import { anEvent } from '@org/track-core/testing';
import { describe, expect, test } from 'vitest';
import type { BatchFacts } from './accepted-batch.ts';
import { correctTimestamp, stampEvent } from './stamp-event.ts';

const at = (time: string): string => `2026-11-20T${time}Z`;
const receivedAt = Date.parse(at('10:00:00.100'));
const browser: BatchFacts = { receivedAt, source: 'browser' };
const server: BatchFacts = { receivedAt, source: 'server' };

describe('the corrected timestamp', () => {
  test.each([
    {
      why: 'a clock 10 minutes fast',
      original: at('10:10:00.000'),
      sentAt: at('10:10:02.100'),
      received: at('10:00:02.300'),
      expected: at('10:00:00.200'),
    },
    {
      why: 'an hour offline',
      original: at('09:00:00.000'),
      sentAt: at('10:00:00.000'),
      received: at('10:00:00.150'),
      expected: at('09:00:00.150'),
    },
    {
      why: 'a clock an hour slow, set right before the batch left: nothing tells it from an hour offline',
      original: at('08:59:58.000'),
      sentAt: at('10:00:00.000'),
      received: at('10:00:00.150'),
      expected: at('08:59:58.150'),
    },
    {
      why: 'a clock an hour fast, set right before the batch left',
      original: at('10:59:58.000'),
      sentAt: at('10:00:00.000'),
      received: at('10:00:00.150'),
      expected: at('10:00:00.150'),
    },
    {
      why: 'no sentAt',
      original: at('10:00:00.000'),
      sentAt: undefined,
      received: at('10:00:01.000'),
      expected: at('10:00:01.000'),
    },
    {
      why: 'sent before it happened',
      original: at('10:00:05.000'),
      sentAt: at('10:00:00.000'),
      received: at('10:00:00.100'),
      expected: at('10:00:00.100'),
    },
    {
      why: 'from the future',
      original: '2031-01-01T00:00:00.000Z',
      sentAt: at('10:00:00.000'),
      received: at('10:00:00.100'),
      expected: at('10:00:00.100'),
    },
    {
      why: 'sentAt is no date',
      original: at('10:00:00.000'),
      sentAt: 'soon',
      received: at('10:00:01.000'),
      expected: at('10:00:01.000'),
    },
    {
      why: 'an absurd wait',
      original: '-271821-04-20T00:00:00.000Z',
      sentAt: at('10:00:00.000'),
      received: at('10:00:00.100'),
      expected: '-271821-04-20T00:00:00.100Z',
    },
    {
      why: 'a clock ahead by centuries',
      original: '-271821-04-20T00:00:00.000Z',
      sentAt: '+270000-01-01T00:00:00.000Z',
      received: at('10:00:00.100'),
      expected: '-271821-04-20T00:00:00.000Z',
    },
  ])('$why', ({ original, sentAt, received, expected }) => {
    const facts = {
      source: 'browser' as const,
      receivedAt: Date.parse(received),
      ...(sentAt === undefined ? {} : { sentAt }),
    };
    expect(correctTimestamp(original, facts)).toBe(expected);
  });

  test.each([
    {
      why: "a server's history keeps its dates",
      original: '2019-05-01T00:00:00.000Z',
      expected: '2019-05-01T00:00:00.000Z',
    },
    {
      why: 'within five minutes of the future is believed',
      original: at('10:05:00.000'),
      expected: at('10:05:00.000'),
    },
    { why: 'further is not', original: at('10:06:00.000'), expected: at('10:00:00.100') },
  ])('$why', ({ original, expected }) => {
    expect(correctTimestamp(original, { ...server, sentAt: at('10:00:00.000') })).toBe(expected);
  });
});

describe('the corrected timestamp of a deferred batch', () => {
  test.each([
    {
      why: 'a right clock is believed, however long the browser held it back',
      original: at('09:00:00.000'),
      deferredAt: at('09:00:01.000'),
      expected: at('09:00:00.000'),
    },
    {
      why: 'one that came at once is the same',
      original: at('10:00:00.000'),
      deferredAt: at('10:00:00.100'),
      expected: at('10:00:00.000'),
    },
    {
      why: 'a clock so fast that it came before it was handed over',
      original: at('10:10:00.000'),
      deferredAt: at('10:10:02.000'),
      expected: at('09:59:58.100'),
    },
    {
      why: 'handed over before it happened',
      original: at('10:00:05.000'),
      deferredAt: at('10:00:00.000'),
      expected: at('10:00:00.100'),
    },
    {
      why: 'it is no date, and the event from the future',
      original: at('10:00:05.000'),
      deferredAt: 'soon',
      expected: at('10:00:00.100'),
    },
    { why: 'it is no date', original: at('09:00:00.000'), deferredAt: 'soon', expected: at('09:00:00.000') },
  ])('$why', ({ original, deferredAt, expected }) => {
    expect(correctTimestamp(original, { ...browser, deferredAt })).toBe(expected);
  });

  test('is the server’s own, whatever it says of deferring', () => {
    const original = '2019-05-01T00:00:00.000Z';
    expect(correctTimestamp(original, { ...server, deferredAt: at('10:00:00.000') })).toBe(original);
  });

  test('the event says nothing of when it was sent: that is not known', () => {
    const stamped = stampEvent(anEvent(), { ...browser, deferredAt: at('09:00:01.000') });
    expect(stamped).not.toHaveProperty('sentAt');
    expect(stamped).not.toHaveProperty('deferredAt');
  });
});

describe('stampEvent', () => {
  test('keeps what the event said and adds what the collector knows', () => {
    const event = anEvent({ timestamp: at('10:00:00.000') });
    const sentAt = at('10:00:00.050');
    expect(stampEvent(event, { ...browser, sentAt })).toEqual({
      ...event,
      timestamp: at('10:00:00.050'),
      originalTimestamp: at('10:00:00.000'),
      receivedAt: at('10:00:00.100'),
      sentAt,
      source: 'browser',
      context: {},
    });
  });

  const claimed = { ip: '192.0.2.1', userAgent: 'claimed' };
  const known = { ip: '198.51.100.0', userAgent: 'known' };
  test.each([
    {
      why: 'the request beats what a browser claims',
      facts: { ...browser, ...known },
      context: claimed,
      expected: known,
    },
    {
      why: "a browser's claimed address is never kept",
      facts: browser,
      context: claimed,
      expected: { userAgent: 'claimed' },
    },
    {
      why: "a server's word about its visitor stays",
      facts: { ...server, ...known },
      context: claimed,
      expected: claimed,
    },
    { why: "a server's own address is nobody's", facts: { ...server, ...known }, context: {}, expected: {} },
  ])('$why', ({ facts, context, expected }) => {
    expect(stampEvent(anEvent({ context }), facts).context).toEqual(expected);
  });

  const said = { categoryPreferences: { analytics: true, advertising: true } };
  test.each([
    {
      why: 'the event speaks for itself',
      facts: { ...server, consent: { analytics: false } },
      consent: said,
      expected: said,
    },
    {
      why: 'the source vouches where the event is silent',
      facts: { ...server, consent: { analytics: true } },
      consent: undefined,
      expected: { categoryPreferences: { analytics: true } },
    },
    { why: 'nobody said anything', facts: server, consent: undefined, expected: undefined },
    {
      why: 'Global Privacy Control denies advertising',
      facts: { ...browser, gpc: true },
      consent: said,
      expected: { categoryPreferences: { analytics: true, advertising: false }, gpc: true },
    },
    {
      why: 'Global Privacy Control speaks even alone',
      facts: { ...browser, gpc: true },
      consent: undefined,
      expected: { categoryPreferences: { advertising: false }, gpc: true },
    },
  ])('$why', ({ facts, consent, expected }) => {
    const context = consent === undefined ? {} : { consent };
    expect(stampEvent(anEvent({ context }), facts).context?.consent).toEqual(expected);
  });
});
