// biome-ignore-all lint/suspicious/noDocumentCookie: as the tracker writes it
import 'fake-indexeddb/auto';
import { type Device, deviceCookieName, formatDevice, type TrackEvent, type Tracker } from '@org/track-core';
import { createScriptedTransport, type ScriptedTransport } from '@org/track-core/testing';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { attribution } from '../attribution/attribution.ts';
import { type BrowserTrackerOptions, createTracker } from '../create-browser-tracker.ts';
import { sequence } from '../plugin/sequence.ts';
import { cookieDeviceStore } from './cookie-device-store.ts';
import { type PageOnlyOptions, pageOnly } from './page-only.ts';

let transport: ScriptedTransport;
let running: Tracker[];

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  transport = createScriptedTransport();
  running = [];
});

afterEach(async () => {
  for (const tracker of running) await tracker.shutdown({ deadlineMs: 10 });
  vi.unstubAllGlobals();
  localStorage.clear();
  sessionStorage.clear();
  document.cookie = `${deviceCookieName}=; Max-Age=-1; Path=/`;
});

function open({ own, ...options }: Partial<BrowserTrackerOptions> & { readonly own?: PageOnlyOptions } = {}): Tracker {
  const tracker = createTracker({
    endpoint: '/api/j',
    consent: { model: 'opt-out' },
    storage: pageOnly(own),
    plugins: [attribution(), sequence()],
    delivery: [() => transport],
    ...options,
  });
  running.push(tracker);
  return tracker;
}

const sent = (): readonly TrackEvent[] =>
  transport.sent.flatMap(({ entries }) => entries.map(({ value }) => JSON.parse(value)));

/** All that is on the device. */
const stored = async (): Promise<object> => ({
  cookie: document.cookie,
  databases: await indexedDB.databases(),
  keys: [...Object.keys(localStorage), ...Object.keys(sessionStorage)],
});
const nothing = { cookie: '', databases: [], keys: [] };

const yes = [{ analytics: true }, 1] as const;
const no = [{ analytics: false }, 2] as const;

describe('nothing is stored', () => {
  test.each<{ why: string; options: Partial<BrowserTrackerOptions> }>([
    { why: 'where undecided is a yes', options: {} },
    { why: 'where the host says yes', options: { consent: { initial: { analytics: true, advertising: true } } } },
    { why: 'before a yes', options: { consent: {} } },
  ])('$why', async ({ options }) => {
    const opened = vi.spyOn(indexedDB, 'open');
    const tracker = open(options);
    tracker.track('Seen');
    tracker.identify('u1');
    tracker.track('Needed', {}, { purpose: 'necessary' });
    expect(await stored()).toEqual(nothing);
    await Promise.race([tracker.flush(), new Promise((resolve) => setTimeout(resolve, 20))]);
    expect(opened).not.toHaveBeenCalled();
    expect(await stored()).toEqual(nothing);
  });

  test('not even a decision, if the host keeps it', async () => {
    const tracker = open({ own: { keepsDecision: false } });
    tracker.track('Seen');
    tracker.consent.set({ analytics: false });
    expect(await stored()).toEqual(nothing);
    expect(tracker.consent.allows('analytics')).toBe(false);
  });
});

test('an event says so; its ids are the page’s, and the next page has others', async () => {
  for (const tracker of [open(), open()]) {
    tracker.track('First');
    tracker.track('Second');
    await tracker.flush();
  }
  const [a, b, c, d] = sent();
  expect(sent().map(({ context }) => context?.cookieless)).toEqual([true, true, true, true]);
  expect(a?.context?.page?.path).toBe('/page');
  expect([a?.anonymousId, a?.context?.session?.id]).toEqual([b?.anonymousId, b?.context?.session?.id]);
  expect(c?.anonymousId).toBe(d?.anonymousId);
  expect(c?.anonymousId).not.toBe(a?.anonymousId);
});

describe('a decision', () => {
  test('is kept alone, and holds on the next page', async () => {
    const tracker = open();
    tracker.identify('u1');
    tracker.consent.set({ analytics: true, advertising: false });
    tracker.track('Seen');
    await tracker.flush();
    expect(cookieDeviceStore.load()).toEqual({
      consent: [{ analytics: true, advertising: false }, expect.any(Number)],
    });
    expect(await stored()).toMatchObject({ databases: [], keys: [] });
    expect(open().consent.get().preferences).toEqual({ analytics: true, advertising: false });
  });

  test('is written again by the next page, or it would expire', () => {
    document.cookie = `${formatDevice({ consent: yes })}; Path=/`;
    const write = vi.spyOn(cookieDeviceStore, 'save');
    open();
    expect(write).toHaveBeenCalledWith({ consent: yes });
    write.mockRestore();
  });

  test('of a page that kept it does not come before what the host says, if the host keeps it', () => {
    document.cookie = `${formatDevice({ consent: yes })}; Path=/`;
    const consent = { initial: { analytics: false } };
    expect(open({ own: { keepsDecision: false }, consent }).consent.allows('analytics')).toBe(false);
    open({ own: { keepsDecision: false }, consent }).consent.set({ analytics: false });
    expect(document.cookie).toBe('');
  });

  test.each<{ why: string; device: Device; own?: PageOnlyOptions; kept: Device | undefined; allows: boolean }>([
    { why: 'its ids go', device: { consent: yes, anonymousId: 'a1' }, kept: { consent: yes }, allows: true },
    { why: 'a no stays', device: { consent: no }, kept: { consent: no }, allows: false },
    { why: 'ids without a decision go', device: { anonymousId: 'a1' }, kept: undefined, allows: true },
    {
      why: 'its ids go also where the host keeps decisions',
      device: { consent: yes, userId: 'u1' },
      own: { keepsDecision: false },
      kept: undefined,
      allows: true,
    },
  ])('of a visit that was remembered otherwise: $why', ({ device, own, kept, allows }) => {
    document.cookie = `${formatDevice(device)}; Path=/`;
    const tracker = open({ ...(own && { own }) });
    expect(tracker.consent.allows('analytics')).toBe(allows);
    expect(cookieDeviceStore.load() ?? undefined).toEqual(kept);
  });
});
