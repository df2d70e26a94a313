// biome-ignore-all lint/suspicious/noDocumentCookie: what the plugin writes, too
import type { TrackEvent } from '@org/track-core';
import { anEvent } from '@org/track-core/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cookieDeviceStore } from './cookie-device-store.ts';
import { oneStart } from './one-start.ts';

const visit = '0193488b-0000-7000-8000-000000000001';
const other = '0193488b-0000-7000-8000-000000000002';
const now = Date.now();

const begins = (id = visit): TrackEvent => anEvent({ context: { session: { id, isNew: true } } });
const processed = (event: TrackEvent): TrackEvent | null | undefined => oneStart().process?.(event);
const names = (): readonly string[] => document.cookie.split('; ').flatMap((cookie) => cookie.split('=')[0] || []);

beforeEach(() => cookieDeviceStore.save({ session: [visit, now, now] }));
afterEach(() => {
  vi.restoreAllMocks();
  for (const name of names()) document.cookie = `${name}=; Path=/; Max-Age=-1`;
});

test('the first to begin a visit says so, and leaves a cookie that others see', () => {
  const event = begins();
  expect(processed(event)).toBe(event);
  expect(names()).toEqual(['jn', expect.stringMatching(/^jn0\.\d+$/)]);
});

test('who comes second has the same visit, and does not say that it is new', () => {
  processed(begins());
  const { context, ...rest } = begins();
  expect(processed({ ...rest, context: { ...context, locale: 'de' } })).toEqual({
    ...rest,
    context: { session: { id: visit }, locale: 'de' },
  });
});

test('the cookie lasts ten seconds, on all of the host', () => {
  const written = vi.spyOn(document, 'cookie', 'set');
  processed(begins());
  expect(written.mock.calls).toEqual([[expect.stringMatching(/^jn0\.\d+=[\w-]+; Path=\/; Max-Age=10; SameSite=Lax$/)]]);
});

test('who began another visit does not matter', () => {
  document.cookie = `jn0.5=${other}; Path=/`;
  const event = begins();
  expect(processed(event)).toBe(event);
});

test.each([
  { why: 'it goes on with a visit', event: anEvent({ context: { session: { id: visit } } }), device: undefined },
  { why: 'it has no visit', event: anEvent({ context: {} }), device: undefined },
  { why: 'the device remembers another visit', event: begins(other), device: undefined },
  { why: 'the device may remember none', event: begins(), device: { consent: [{ analytics: false }, now] as const } },
])('an event stays as it is, and nothing is written: $why', ({ event, device }) => {
  if (device) cookieDeviceStore.save(device);
  expect(processed(event)).toBe(event);
  expect(names()).toEqual(['jn']);
});

test.each([
  { why: 'are refused silently', set: () => {} },
  {
    why: 'throw',
    set() {
      throw new DOMException('The operation is insecure.', 'SecurityError');
    },
  },
])('where cookies $why, an event stays as it is', ({ set }) => {
  vi.spyOn(document, 'cookie', 'set').mockImplementation(set);
  const event = begins();
  expect(processed(event)).toBe(event);
});
