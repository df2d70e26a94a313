import type { Entry, Outbox } from '@org/track-core';
import { anEntry, createFakeClock } from '@org/track-core/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createIndexedDbOutbox } from '../outbox/indexed-db-outbox.ts';
import type { CarryFirst } from './delivery-part.ts';
import type { PageTransport } from './page-transport.ts';
import { takeover } from './takeover.ts';

const all = { maxEvents: 1_000, maxBytes: 10_000_000 };
const { signal } = new AbortController();
/** Others may keep the machine busy. */
const patient = { timeout: 30_000 };

let made = 0;
let name: string;
let frames: HTMLIFrameElement[];
let outbox: Outbox;
let transport: PageTransport;
let arrived: number;
let mayStore: boolean;

beforeEach(async () => {
  name = `takeover-${made++}-${Math.random()}`;
  frames = [];
  arrived = 0;
  mayStore = true;
  const storing = { name, clock: createFakeClock(1_000), mayStore: () => mayStore };
  outbox = createIndexedDbOutbox(storing);
  const page = { ...storing, endpoint: '/api/j', outbox, allow: () => true };
  const next: PageTransport = { send: async () => ({ kind: 'delivered' }) };
  transport = (takeover() as CarryFirst)(next, page);
  outbox.open({
    onDropped() {},
    onArrived(count) {
      arrived += count;
    },
  });
  // So that it has looked at what others left before there was anything.
  await stored();
  await vi.waitUntil(async () => (await locks()).length === 0, patient);
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const frame of frames) frame.remove();
  await outbox.close();
  indexedDB.deleteDatabase(name);
  localStorage.clear();
});

/** Another page of this origin, which has looked around, has stored entries with these ids and lives on. */
async function otherPage(...ids: readonly string[]): Promise<HTMLIFrameElement> {
  const frame = document.createElement('iframe');
  const module = new URL('../outbox/indexed-db-outbox.ts', import.meta.url).href;
  frame.srcdoc = `<script type="module">
    import { createIndexedDbOutbox } from ${JSON.stringify(module)};
    const clock = { now: () => 1000, elapsed: () => performance.now(), after: () => () => {} };
    const outbox = createIndexedDbOutbox({ clock, name: ${JSON.stringify(name)}, mayStore: () => true });
    outbox.open({ onArrived() {}, onDropped() {} });
    const entry = (id) => ({ id, value: JSON.stringify({ id }), bytes: 20, purpose: 'analytics', queuedAt: 0 });
    await Promise.all(${JSON.stringify(ids)}.map((id) => outbox.add(entry(id))));
    parent.postMessage('stored');
  </script>`;
  frames.push(frame);
  await new Promise<void>((resolve) => {
    addEventListener('message', function onMessage({ source }) {
      if (source !== frame.contentWindow) return;
      removeEventListener('message', onMessage);
      resolve();
    });
    document.body.append(frame);
  });
  await vi.waitUntil(async () => (await locks()).length === 1, patient);
  await stored(); // after its own reading
  return frame;
}

/** Ids on the disk, read over a connection of its own. */
function stored(): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const opening = indexedDB.open(name);
    opening.onsuccess = () => {
      const reading = opening.result.transaction('e').objectStore('e').getAllKeys();
      reading.onsuccess = () => {
        opening.result.close();
        resolve(reading.result.map(String));
      };
    };
  });
}

/** Our locks that are held, or waited for. */
async function locks(): Promise<readonly LockInfo[]> {
  const { held = [], pending = [] } = await navigator.locks.query();
  return [...held, ...pending].filter((lock) => lock.name?.startsWith(name));
}

/** For how many others' end this page waits. */
const waiting = (): Promise<number> =>
  navigator.locks.request('probe', async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    const self = held.find((lock) => lock.name === 'probe')?.clientId;
    return pending.filter((lock) => lock.clientId === self && lock.name?.startsWith(name)).length;
  });

const isWaiting = async (): Promise<boolean> => (await waiting()) > 0;

const send = (entries: readonly Entry[] = []) => transport.send(entries, { attempt: 0, exit: false, signal });

test.each([
  { why: 'that sends something', look: send },
  { why: 'that is seen again', look: () => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })) },
])('a page $why waits for the end of one that came after it, and takes over, once', async ({ look }) => {
  const other = await otherPage('a', 'b');
  await look();
  await vi.waitUntil(isWaiting, patient);
  expect(arrived).toBe(0);
  other.remove();
  await vi.waitUntil(() => outbox.depth().waiting === 2, patient);
  expect(arrived).toBe(2);
  const ids = outbox.pull(all).map(({ id }) => id);
  expect([...ids].sort()).toEqual(['a', 'b']);
  for (const id of ids) void outbox.settle(id, { kind: 'delivered' });
  outbox.rest?.();
  await vi.waitUntil(async () => (await stored()).length === 0, patient);
});

test('each request asks who is there, and what costs more, who this page is, only the first', async () => {
  const requested = vi.spyOn(navigator.locks, 'request');
  const asked = vi.spyOn(navigator.locks, 'query');
  await send();
  await vi.waitUntil(() => asked.mock.calls.length === 1, patient);
  await requested.mock.results[0]?.value;
  asked.mockClear();
  requested.mockClear();
  for (let requests = 0; requests < 5; requests++) await send();
  expect(asked).toHaveBeenCalledTimes(5);
  expect(requested).not.toHaveBeenCalled();
  vi.restoreAllMocks();
  // Its own locks are still its own.
  await outbox.add(anEntry({ id: 'mine' }));
  await vi.waitUntil(async () => (await locks()).length === 1, patient);
  await send();
  await new Promise((resolve) => setTimeout(resolve, 200)); // nothing happens, so there is nothing to wait for
  expect(await waiting()).toBe(0);
});

test('without a look it leaves that to the next page', async () => {
  const other = await otherPage('a');
  other.remove();
  await vi.waitUntil(async () => (await locks()).length === 0, patient);
  expect(await stored()).toEqual(['a']);
  expect(arrived).toBe(0);
});

test('what the page itself tracks meanwhile is not left, however often it rests', async () => {
  await otherPage('a');
  await outbox.add(anEntry({ id: 'mine' }));
  await send();
  // The other's, and its own, which is one more page's to whoever watches.
  await vi.waitUntil(async () => (await waiting()) === 2, patient);
  for (const id of ['x', 'y', 'z']) {
    outbox.rest?.();
    await outbox.add(anEntry({ id }));
    await stored();
  }
  await new Promise((resolve) => setTimeout(resolve, 200)); // nothing happens, so there is nothing to wait for
  expect(arrived).toBe(0);
  expect(outbox.depth().waiting).toBe(4);
});

test('what was taken over is this page’s: who comes now finds a living owner', async () => {
  const other = await otherPage('a');
  await send();
  await vi.waitUntil(isWaiting, patient);
  other.remove();
  await vi.waitUntil(() => outbox.depth().waiting === 1, patient);
  // The lock of the one that is gone is let go.
  const held = async () => (await navigator.locks.query()).held?.filter((lock) => lock.name?.startsWith(name));
  await vi.waitUntil(async () => (await held())?.length === 1, patient);
  const before = await waiting();
  const next = createIndexedDbOutbox({ name, clock: createFakeClock(1_000), mayStore: () => true });
  const found = vi.fn();
  next.open({ onDropped() {}, onArrived: found });
  await vi.waitUntil(async () => (await waiting()) > before, patient);
  expect(found).not.toHaveBeenCalled();
  await next.close();
});

test.each([
  {
    why: 'may not store',
    act: () => {
      mayStore = false;
    },
    thenMay: true,
  },
  { why: 'is closed', act: () => outbox.close() },
])('a page that $why waits for nobody', async ({ act, thenMay = false }) => {
  await otherPage('a');
  await act();
  await send();
  await new Promise((resolve) => setTimeout(resolve, 200)); // nothing happens, so there is nothing to wait for
  expect(await isWaiting()).toBe(false);
  if (!thenMay) return;
  mayStore = true;
  await send();
  await vi.waitUntil(isWaiting, patient);
});

test('a browser that refuses locks costs nothing but this', async () => {
  vi.spyOn(navigator.locks, 'request').mockRejectedValue(new DOMException('no', 'SecurityError'));
  await expect(send([anEntry()])).resolves.toEqual({ kind: 'delivered' });
});
