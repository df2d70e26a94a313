// biome-ignore-all lint/suspicious/noDocumentCookie: as the tracker writes it
import { type Device, deviceCookieName, formatDevice } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readVisitor } from './read-visitor.ts';

const minute = 60_000;
const now = Date.UTC(2026, 0, 1);
const anonymousId = '0b5a9b4e-3a53-4b63-8a3e-6f0c1c1d2e3f';
const sessionId = '0193488b-0000-7000-8000-000000000001';
const device: Device = {
  consent: [{ analytics: true, advertising: false }, now - minute],
  anonymousId,
  userId: 'ünal; =|',
  session: [sessionId, now - 10 * minute, now - 5 * minute],
};
const visitor = {
  anonymousId,
  userId: 'ünal; =|',
  sessionId,
  consent: { initial: { analytics: true, advertising: false }, decidedAt: now - minute },
};

beforeEach(() => {
  vi.spyOn(Date, 'now').mockReturnValue(now);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  document.cookie = `${deviceCookieName}=; Max-Age=-1; Path=/`;
});

/** A worker of a browser in which `cookieStore` is this. */
function inWorker(cookieStore: unknown): void {
  vi.stubGlobal('document', undefined);
  vi.stubGlobal('cookieStore', cookieStore);
}

test('on a page', async () => {
  document.cookie = `${formatDevice(device)}; Path=/`;
  expect(await readVisitor()).toEqual(visitor);
  expect(structuredClone(await readVisitor())).toEqual(visitor);
});

test('in a service worker', async () => {
  const value = formatDevice(device).slice(deviceCookieName.length + 1);
  inWorker({ get: async (name: string) => (name === deviceCookieName ? { name, value } : null) });
  expect(await readVisitor()).toEqual(visitor);
});

describe('empty where nothing is remembered', () => {
  test('on a page', async () => {
    expect(await readVisitor()).toEqual({});
  });

  test('on a page that may not look', async () => {
    vi.spyOn(document, 'cookie', 'get').mockImplementation(() => {
      throw new DOMException('sandboxed', 'SecurityError');
    });
    expect(await readVisitor()).toEqual({});
  });

  test.each([
    { why: 'the browser has no cookie store', cookieStore: undefined },
    { why: 'it has no such cookie', cookieStore: { get: async () => null } },
    { why: 'somebody broke the cookie', cookieStore: { get: async () => ({ value: '1%7B' }) } },
    { why: 'it holds something else', cookieStore: { get: async () => ({ value: '1%22x%22' }) } },
    {
      why: 'it refuses',
      cookieStore: {
        async get() {
          throw new DOMException('opaque', 'SecurityError');
        },
      },
    },
  ])('in a worker: $why', async ({ cookieStore }) => {
    inWorker(cookieStore);
    expect(await readVisitor()).toEqual({});
  });
});

test.each<{ why: string; device: Device; expected: object }>([
  { why: 'a decision alone', device: { consent: device.consent }, expected: { consent: visitor.consent } },
  { why: 'a user id that is no text', device: { anonymousId, userId: 7 as never }, expected: { anonymousId } },
  {
    why: 'a visit that ended by itself',
    device: { anonymousId, session: [sessionId, now - 60 * minute, now - 30 * minute] },
    expected: { anonymousId },
  },
  {
    why: 'a visit that lasted too long',
    device: { anonymousId, session: [sessionId, now - 24 * 60 * minute, now - minute] },
    expected: { anonymousId },
  },
])('only what holds: $why', async ({ device, expected }) => {
  document.cookie = `${formatDevice(device)}; Path=/`;
  expect(await readVisitor()).toEqual(expected);
});

test('a visit ends when the page’s tracker says so, and is not kept up by looking', async () => {
  document.cookie = `${formatDevice(device)}; Path=/`;
  const before = document.cookie;
  expect(await readVisitor({ idleMs: 6 * minute })).toHaveProperty('sessionId');
  expect(await readVisitor({ idleMs: 4 * minute })).not.toHaveProperty('sessionId');
  expect(await readVisitor({ maxMs: 9 * minute })).not.toHaveProperty('sessionId');
  expect(document.cookie).toBe(before);
});
