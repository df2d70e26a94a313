// biome-ignore-all lint/suspicious/noDocumentCookie: as others write it
import 'fake-indexeddb/auto';
import { createConsent, type Decision, deviceCookieName, formatDevice, type Tracker } from '@org/track-core';
import { anEntry, anEvent } from '@org/track-core/testing';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ErasedIds, erasure } from './erasure.ts';

const stops: (() => void)[] = [];

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  localStorage.clear();
  document.cookie = `${deviceCookieName}=; Max-Age=-1; Path=/`;
});

const yes: Decision = [{ analytics: true }, 1];
const no: Decision = [{ analytics: false }, 1];

function open({ remembered, ask }: { remembered?: Decision; ask?: (ids: ErasedIds) => void } = {}) {
  const consent = createConsent({ now: Date.now, gpc: false, store: { load: () => ({ consent: remembered }) } });
  const reset = vi.fn();
  const plugin = erasure({ ...(ask && { ask }) });
  const tracker = { consent, reset } as unknown as Tracker;
  stops.push(plugin.setup?.(tracker) ?? (() => {}));
  return { consent, reset, plugin, tracker };
}

const done = (request: IDBRequest | IDBTransaction): Promise<void> =>
  new Promise((resolve) => {
    if ('oncomplete' in request) request.oncomplete = () => resolve();
    else request.onsuccess = () => resolve();
  });

async function store(name: string, entries: Readonly<Record<string, unknown>>): Promise<void> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('e');
  await done(opening);
  const transaction = opening.result.transaction('e', 'readwrite');
  for (const [key, entry] of Object.entries(entries)) transaction.objectStore('e').put(entry, key);
  await done(transaction);
  opening.result.close();
}

async function stored(name: string): Promise<readonly unknown[]> {
  const opening = indexedDB.open(name);
  await done(opening);
  const asking = opening.result.transaction('e').objectStore('e').getAllKeys();
  await done(asking);
  opening.result.close();
  return asking.result;
}

describe('a no erases what others left', () => {
  const entries = {
    a: anEntry({ purpose: 'analytics' }),
    b: anEntry({ purpose: 'functional' }),
    c: anEntry({ purpose: 'necessary' }),
  };

  test.each([
    { why: 'said now', remembered: yes, isSaid: true },
    { why: 'said before this page was loaded', remembered: no, isSaid: false },
  ])('in the databases of the site: $why', async ({ remembered, isSaid }) => {
    await store('jn:/api/j:shop', entries);
    await store('jn:worker:/api/j:shop', entries);
    await store('theirs', entries);
    const { consent } = open({ remembered });
    if (isSaid) consent.set({ analytics: false });
    await expect.poll(async () => (await stored('jn:worker:/api/j:shop')).length).toBeLessThan(3);
    expect(await stored('jn:/api/j:shop')).toEqual(['b', 'c']);
    expect(await stored('jn:worker:/api/j:shop')).toEqual(['b', 'c']);
    expect(await stored('theirs')).toEqual(['a', 'b', 'c']);
  });

  test('in localStorage, and nothing else there', () => {
    const kept = { 'jn:b': JSON.stringify(entries.b), 'jn:from': '{"last":1}', 'jn:x': 'no JSON', 'jn:null': 'null' };
    const theirs = { theirs: JSON.stringify(entries.a) };
    Object.assign(localStorage, { 'jn:a': JSON.stringify(entries.a), ...kept, ...theirs });
    open({ remembered: yes }).consent.set({ analytics: false });
    expect({ ...localStorage }).toEqual({ ...kept, ...theirs });
  });

  test('makes no database where there is none', async () => {
    open({ remembered: yes }).consent.set({ analytics: false });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await indexedDB.databases()).toEqual([]);
  });

  test('cookies with ids on domains above, and not the decision', () => {
    const device = formatDevice({ consent: yes, anonymousId: 'a1' });
    const cookies = { '': formatDevice({ consent: no }), 'example.com': device, 'www.example.com': device };
    const left: Record<string, string> = { ...cookies };
    vi.stubGlobal('location', { hostname: 'www.example.com' });
    vi.stubGlobal('document', {
      get cookie() {
        return Object.values(left).join('; ');
      },
      set cookie(text: string) {
        expect(text).toContain('Max-Age=-1');
        delete left[/Domain=([^;]*)/.exec(text)?.[1] ?? ''];
      },
    });
    open({ remembered: yes }).consent.set({ analytics: false });
    expect(left).toEqual({ '': cookies[''] });
  });

  test('no cookie is written where no ids are left', () => {
    const written = vi.fn();
    vi.stubGlobal('location', { hostname: 'www.example.com' });
    vi.stubGlobal('document', {
      get cookie() {
        return formatDevice({ consent: no });
      },
      set cookie(text: string) {
        written(text);
      },
    });
    open({ remembered: yes }).consent.set({ analytics: false });
    expect(written).not.toHaveBeenCalled();
  });
});

describe('ids', () => {
  test('are told once to who may erase them elsewhere, and are new from then on', () => {
    const ask = vi.fn();
    const { consent, reset, plugin } = open({ remembered: yes, ask });
    plugin.process?.(anEvent({ anonymousId: 'a1' }));
    plugin.process?.(anEvent({ anonymousId: 'a1', userId: 'u1' }));
    consent.set({ analytics: false });
    consent.set({ functional: false });
    expect(ask.mock.calls).toEqual([[{ anonymousId: 'a1', userId: 'u1' }]]);
    expect(reset).toHaveBeenCalledTimes(1);
  });

  test('are known from the visit before, where nothing happened in this one', () => {
    document.cookie = `${formatDevice({ consent: yes, anonymousId: 'a1', userId: 'u1' })}; Path=/`;
    const ask = vi.fn();
    open({ remembered: yes, ask }).consent.set({ analytics: false });
    expect(ask.mock.calls).toEqual([[{ anonymousId: 'a1', userId: 'u1' }]]);
  });

  test.each<{ why: string; remembered?: Decision }>([
    { why: 'nobody has them: there never was a yes' },
    { why: 'it was a no before', remembered: no },
  ])('are not told: $why', ({ remembered }) => {
    const ask = vi.fn();
    const { consent, plugin } = open({ ...(remembered && { remembered }), ask });
    plugin.process?.(anEvent({ anonymousId: 'a1' }));
    consent.set({ analytics: false });
    expect(ask).not.toHaveBeenCalled();
  });

  test('a second yes and its withdrawal are told too', () => {
    const ask = vi.fn();
    const { consent, plugin } = open({ remembered: yes, ask });
    for (const anonymousId of ['a1', 'a2']) {
      consent.set({ analytics: true });
      plugin.process?.(anEvent({ anonymousId }));
      consent.set({ analytics: false });
    }
    expect(ask.mock.calls.map(([ids]) => ids.anonymousId)).toEqual(['a1', 'a2']);
  });

  test('are not told where nobody is known', () => {
    const ask = vi.fn();
    open({ remembered: yes, ask }).consent.set({ analytics: false });
    expect(ask).not.toHaveBeenCalled();
  });

  test('who throws while told breaks nothing', () => {
    const ask = () => {
      throw new Error('broken');
    };
    const { consent, reset, plugin } = open({ remembered: yes, ask });
    plugin.process?.(anEvent());
    expect(() => consent.set({ analytics: false })).not.toThrow();
    expect(reset).toHaveBeenCalled();
  });
});

test.each<{ why: string; factory: unknown }>([
  { why: 'is missing', factory: undefined },
  { why: 'cannot list its databases', factory: {} },
  { why: 'refuses', factory: { databases: () => Promise.reject(new DOMException('no', 'SecurityError')) } },
])('IndexedDB $why: nothing throws, no rejection is left', async ({ factory }) => {
  vi.stubGlobal('indexedDB', factory);
  open({ remembered: yes }).consent.set({ analytics: false });
  await new Promise((resolve) => setTimeout(resolve, 5));
});

test('once it was stopped it erases nothing', () => {
  localStorage['jn:a'] = JSON.stringify(anEntry({ purpose: 'analytics' }));
  const { consent } = open({ remembered: yes });
  for (const stop of stops.splice(0)) stop();
  consent.set({ analytics: false });
  expect(localStorage['jn:a']).toBeDefined();
});

test('who comes after a reset has nothing of the one before erased', () => {
  const ask = vi.fn();
  const { consent, plugin, reset, tracker } = open({ remembered: yes, ask });
  plugin.process?.(anEvent({ anonymousId: 'a1', userId: 'ada' }));
  tracker.reset(); // signed out, on a device that several people use
  expect(reset).toHaveBeenCalledTimes(1);
  consent.set({ analytics: false });
  expect(ask).not.toHaveBeenCalled();
  consent.set({ analytics: true });
  plugin.process?.(anEvent({ anonymousId: 'a2' }));
  consent.set({ analytics: false });
  expect(ask.mock.calls).toEqual([[{ anonymousId: 'a2' }]]);
});

test('once stopped, the tracker resets as ever', () => {
  const { reset, tracker } = open();
  expect(tracker.reset).not.toBe(reset);
  stops.splice(0)[0]?.();
  expect(tracker.reset).toBe(reset);
});
