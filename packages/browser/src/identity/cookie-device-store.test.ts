// biome-ignore-all lint/suspicious/noDocumentCookie: as the tracker writes it
import { type Device, deviceCookieName, formatDevice } from '@org/track-core';
import { afterEach, expect, test, vi } from 'vitest';
import { cookieDeviceStore as store } from './cookie-device-store.ts';

const device: Device = {
  consent: [{ analytics: true }, 1_767_225_600_000],
  anonymousId: '0b5a9b4e-3a53-4b63-8a3e-6f0c1c1d2e3f',
  userId: 'u=1; é',
};

afterEach(() => {
  vi.restoreAllMocks();
  document.cookie = `${deviceCookieName}=; Max-Age=-1; Path=/`;
});

test('a device remembers what it was told, also beside other cookies', () => {
  document.cookie = `x${deviceCookieName}=1; Path=/`;
  expect(store.load() ?? undefined).toBeUndefined();
  store.save(device);
  expect(store.load()).toEqual(device);
});

test.each([
  { why: 'no escapes', pair: `${deviceCookieName}=1%%%` },
  { why: 'no JSON', pair: `${deviceCookieName}=1%7B` },
  { why: 'nothing', pair: `${deviceCookieName}=` },
  { why: 'another version', pair: formatDevice(device).replace('1', '2') },
])('a cookie that somebody broke is no device: $why', ({ pair }) => {
  document.cookie = `${pair}; Path=/`;
  expect(store.load() ?? undefined).toBeUndefined();
});

test('the cookie belongs to this host, all paths, 395 days, not to other sites', () => {
  const written = vi.spyOn(document, 'cookie', 'set');
  store.save({ anonymousId: device.anonymousId });
  expect(written.mock.calls[0]?.[0]).toMatch(/; Path=\/; Max-Age=34128000; SameSite=Lax$/);
});

test('where cookies are refused nothing is remembered, and nothing throws', () => {
  const refuse = (): never => {
    throw new DOMException('sandboxed', 'SecurityError');
  };
  vi.spyOn(document, 'cookie', 'get').mockImplementation(refuse);
  vi.spyOn(document, 'cookie', 'set').mockImplementation(refuse);
  expect(() => store.save(device)).not.toThrow();
  expect(store.load() ?? undefined).toBeUndefined();
});
