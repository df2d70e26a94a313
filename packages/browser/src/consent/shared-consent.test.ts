// biome-ignore-all lint/suspicious/noDocumentCookie: as another tab writes it
import { type ConsentPreferences, createConsent, deviceCookieName, formatDevice, type Tracker } from '@org/track-core';
import { anEvent, createFakeClock, type FakeClock } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cookieDeviceStore } from '../identity/cookie-device-store.ts';
import { sharedConsent } from './shared-consent.ts';

let clock: FakeClock;
const stops: (() => void)[] = [];

beforeEach(() => {
  clock = createFakeClock(1_000_000);
});

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  vi.unstubAllGlobals();
  document.cookie = `${deviceCookieName}=; Max-Age=-1; Path=/`;
});

/** A page whose person agreed to analytics a while ago. */
function open({ gpc = false, own = { analytics: true } as ConsentPreferences } = {}) {
  const decidedAt = clock.now();
  const consent = createConsent({ now: clock.now, gpc, store: { load: () => ({ consent: [own, decidedAt] }) } });
  const changes: unknown[] = [];
  consent.onChange(({ preferences, decidedAt }) => {
    changes.push(preferences);
    cookieDeviceStore.save({ consent: [preferences, decidedAt as number] });
  });
  const plugin = sharedConsent();
  stops.push(plugin.setup?.({ consent } as Tracker) ?? (() => {}));
  return { consent, changes, plugin };
}

/** What another tab writes. */
function decide(said: unknown, at: unknown = clock.now() + 1_000): void {
  document.cookie = `${formatDevice({ consent: [said, at] as never })}; Path=/`;
}

const see = (): boolean => document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));

describe('a decision of another tab is heard', () => {
  test.each<{ why: string; hear: (plugin: ReturnType<typeof sharedConsent>) => unknown }>([
    { why: 'when this one is seen again', hear: see },
    { why: 'when it comes back', hear: () => dispatchEvent(new Event('pageshow')) },
    { why: 'when its window is the one in use', hear: () => dispatchEvent(new Event('focus')) },
    { why: 'with the next event', hear: (plugin) => plugin.process?.(anEvent()) },
  ])('$why', async ({ hear }) => {
    const { consent, plugin } = open();
    decide({ analytics: false });
    hear(plugin);
    await Promise.resolve();
    expect(consent.get().preferences).toEqual({ analytics: false });
  });

  test('at once where the browser tells', () => {
    const cookieStore = new EventTarget();
    vi.stubGlobal('cookieStore', cookieStore);
    const { consent } = open();
    decide({ analytics: false });
    cookieStore.dispatchEvent(new Event('change'));
    expect(consent.allows('analytics')).toBe(false);
  });

  test('only after the event at hand is through, and once for all events of a task', async () => {
    const { consent, plugin, changes } = open();
    decide({ analytics: false });
    const event = anEvent();
    expect([plugin.process?.(event), plugin.process?.(event)]).toEqual([event, event]);
    expect(consent.allows('analytics')).toBe(true);
    await Promise.resolve();
    expect(changes).toHaveLength(1);
    decide({ analytics: true }, clock.now() + 2_000);
    plugin.process?.(event);
    await Promise.resolve();
    expect(changes).toHaveLength(2);
  });
});

describe('nothing is heard', () => {
  test.each<{ why: string; said: unknown; at?: unknown; gpc?: boolean }>([
    { why: 'an older decision', said: { analytics: false }, at: 5 },
    { why: 'the same answers', said: { analytics: true } },
    { why: 'answers that are none', said: 'no' },
    { why: 'answers of another kind', said: { analytics: 'no' } },
    { why: 'no time', said: { analytics: false }, at: null },
    {
      why: 'a yes to advertising under Global Privacy Control',
      said: { analytics: true, advertising: true },
      gpc: true,
    },
  ])('$why', ({ said, at, gpc = false }) => {
    const { changes } = open({ gpc });
    decide(said, at);
    see();
    expect(changes).toEqual([]);
  });

  test('where nothing is remembered, or cookies are refused', () => {
    const { changes } = open();
    see();
    const spy = vi.spyOn(document, 'cookie', 'get').mockImplementation(() => {
      throw new DOMException('sandboxed', 'SecurityError');
    });
    expect(see).not.toThrow();
    spy.mockRestore();
    expect(changes).toEqual([]);
  });

  test('once it was stopped', async () => {
    const { changes, plugin } = open();
    for (const stop of stops.splice(0)) stop();
    decide({ analytics: false });
    see();
    plugin.process?.(anEvent());
    await Promise.resolve();
    expect(changes).toEqual([]);
  });
});

test('two tabs do not go on telling each other', async () => {
  const [a, b] = [open(), open()];
  await clock.advance(10);
  a.consent.set({ analytics: false });
  for (let times = 0; times < 5; times++) {
    await clock.advance(10);
    see();
  }
  expect([a.changes, b.changes]).toEqual([[{ analytics: false }], [{ analytics: false }]]);
});
