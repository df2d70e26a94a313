import type { Outbox, OutboxHost } from '@org/track-core';
import { anEntry, createFakeClock, outboxContract } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { createIndexedDbOutbox } from './indexed-db-outbox.ts';

const all = { maxEvents: 1_000, maxBytes: 10_000_000 };
const clock = createFakeClock(1_000);
/** Others may keep the machine busy. */
const patient = { timeout: 30_000 };
let made = 0;
let name: string;
let outboxes: Outbox[];
let frames: HTMLIFrameElement[];

beforeEach(() => {
  name = `test-${made++}-${Math.random()}`;
  outboxes = [];
  frames = [];
});

afterEach(async () => {
  for (const frame of frames) frame.remove();
  for (const outbox of outboxes) await outbox.close();
  indexedDB.deleteDatabase(name);
  localStorage.clear();
});

function create(maxEvents = 1_000): Outbox {
  const outbox = createIndexedDbOutbox({ clock, name, maxEvents, mayStore: () => true });
  outboxes.push(outbox);
  return outbox;
}

/** Opens an outbox and resolves once something of an earlier visit has arrived. */
async function arrivals(): Promise<{ readonly count: number; readonly outbox: Outbox }> {
  const outbox = create();
  let count = 0;
  await new Promise<void>((resolve) => {
    outbox.open({
      onArrived(arrived) {
        count += arrived;
        resolve();
      },
      onDropped() {},
    });
  });
  return { count, outbox };
}

/** Ids on the disk, read over a connection of its own. */
function storedIds(): Promise<readonly string[]> {
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

/** Another page of this origin; `script` sees `outbox`, opened, and `add(...ids)`; `before` sees neither. Resolves with what it posts first. */
function page(script: string, before = ''): Promise<unknown> {
  const frame = document.createElement('iframe');
  frames.push(frame);
  const module = new URL('./indexed-db-outbox.ts', import.meta.url).href;
  frame.srcdoc = `<script type="module">
    import { createIndexedDbOutbox } from ${JSON.stringify(module)};
    ${before}
    const clock = { now: () => 1000, elapsed: () => performance.now(), after: () => () => {} };
    const outbox = createIndexedDbOutbox({ clock, name: ${JSON.stringify(name)}, mayStore: () => true });
    outbox.open({ onArrived: (count) => parent.postMessage({ arrived: count }), onDropped() {} });
    const entry = (id) => ({ id, value: JSON.stringify({ id, text: 'x'.repeat(2000) }), bytes: 2020, purpose: 'analytics', queuedAt: 0 });
    const add = (...ids) => Promise.all(ids.map((id) => outbox.add(entry(id))));
    ${script}
  </script>`;
  return new Promise((resolve) => {
    addEventListener('message', function onMessage({ source, data }) {
      if (source !== frame.contentWindow) return;
      removeEventListener('message', onMessage);
      resolve(data);
    });
    document.body.append(frame);
  });
}

describe('the contract of an outbox', () => {
  let found: Promise<void> | undefined;
  function reopen(): Outbox {
    const outbox = create();
    const { open } = outbox;
    found = new Promise((resolve) => {
      outbox.open = ({ onArrived, onDropped }) =>
        open({
          onDropped,
          onArrived(count) {
            onArrived(count);
            resolve();
          },
        });
    });
    return outbox;
  }
  const settled = async (): Promise<void> => found;
  const rules = outboxContract({ create: () => create(), createBounded: create, reopen, settled });
  for (const { rule, check } of rules) it(rule, check);
});

test('60 × 2 KB added in the very task that leaves a settled page are found by the next one', async () => {
  // A page that has stored something makes no copies any more.
  const left = page(`
    await add('opened');
    const idle = () => new Promise((done) => requestIdleCallback(done, { timeout: 1000 }));
    await idle();
    await idle();
    parent.postMessage('ready');
    localStorage.clear();
    for (let i = 0; i < 60; i++) add('event-' + i);
    location.href = '/another-page';
  `);
  await left;
  const { count, outbox } = await arrivals();
  expect(count).toBe(61);
  expect(outbox.pull(all)).toHaveLength(61);
});

test('60 × 2 KB added in the first task of a page, which leaves, are found by the next one, once', async () => {
  // In its first milliseconds Chromium takes back what a page began to write, committed or not.
  await page(`
    for (let i = 0; i < 60; i++) add('event-' + i);
    parent.postMessage('left');
    location.href = '/another-page';
  `);
  const { outbox } = await arrivals();
  await vi.waitUntil(() => outbox.depth().waiting >= 60, patient);
  expect(new Set(outbox.pull(all).map(({ id }) => id)).size).toBe(60);
  expect(outbox.depth().waiting).toBe(0);
});

test('copies of a living page are its own; when it ends, a page that waited takes over', async () => {
  const missing = `Object.defineProperty(window, 'indexedDB', { value: undefined });`;
  await page(`await add('a', 'b'); parent.postMessage('copied')`, missing);
  expect(Object.keys(localStorage).sort()).toEqual([`${name}a`, `${name}b`]);
  const found = arrivals();
  await vi.waitUntil(async () => (await navigator.locks.query()).pending?.length, patient);
  expect(outboxes[0]?.depth().waiting).toBe(0);
  frames[0]?.remove();
  const { outbox } = await found;
  await vi.waitUntil(() => outbox.depth().waiting === 2, patient);
  expect(
    outbox
      .pull(all)
      .map(({ id }) => id)
      .sort(),
  ).toEqual(['a', 'b']);
});

test('what a living page holds is its own; when it ends, a page that waited takes over', async () => {
  await page(`await add('a', 'b'); parent.postMessage('stored')`);
  const outbox = create();
  let arrived = 0;
  const adopted = new Promise<void>((resolve) => {
    outbox.open({
      onDropped() {},
      onArrived(count) {
        arrived += count;
        resolve();
      },
    });
  });
  await outbox.add(anEntry({ id: 'mine' }));
  expect(await storedIds()).toEqual(['a', 'b', 'mine']);
  expect(arrived).toBe(0);
  expect(outbox.depth().waiting).toBe(1);
  frames[0]?.remove();
  await adopted;
  expect(arrived).toBe(2);
  expect((await outbox.pull(all)).map(({ id }) => id).sort()).toEqual(['a', 'b', 'mine']);
});

test('what an earlier page left is found too where the first to be stored is an event: it waited for a yes', async () => {
  await page(`await add('a'); parent.postMessage('stored')`);
  frames[0]?.remove();
  const outbox = createIndexedDbOutbox({ clock, name, mayStore: () => false });
  outboxes.push(outbox);
  const arrived = new Promise<number>((resolve) => outbox.open({ onDropped() {}, onArrived: resolve }));
  await outbox.add(anEntry({ id: 'mine' }));
  expect(await arrived).toBe(1);
  expect(
    outbox
      .pull(all)
      .map(({ id }) => id)
      .sort(),
  ).toEqual(['a', 'mine']);
});

test('a page holds its lock while it has something to answer for, and no longer', async () => {
  const held = async (): Promise<boolean> => {
    const { held = [] } = await navigator.locks.query();
    return held.some((lock) => lock.name?.startsWith(name));
  };
  const outbox = create();
  outbox.open({ onArrived() {}, onDropped() {} });
  await storedIds();
  await vi.waitUntil(async () => !(await held()), patient);
  for (const id of ['a', 'b']) {
    await outbox.add(anEntry({ id }));
    await vi.waitUntil(held, patient);
    // Whoever opens now finds a living owner.
    const other = create();
    let arrived = 0;
    other.open({ onDropped() {}, onArrived: (count) => (arrived += count) });
    await other.add(anEntry({ id: `other-${id}` }));
    await storedIds();
    expect(arrived).toBe(0);
    // It leaves nothing behind: what it left would be adopted by the next one, lock and all.
    void other.settle(`other-${id}`, { kind: 'delivered' });
    await other.close();
    void outbox.pull(all);
    void outbox.settle(id, { kind: 'delivered' });
    outbox.rest?.();
    await vi.waitUntil(async () => !(await held()), patient);
  }
});

test('one that closes while it adopts leaves all to the next page, and holds no lock', async () => {
  const missing = `Object.defineProperty(window, 'indexedDB', { value: undefined });`;
  await page(`await add('a', 'b'); parent.postMessage('copied')`, missing);
  frames[0]?.remove();
  const closing = create();
  let arrived = 0;
  closing.open({ onDropped() {}, onArrived: (count) => (arrived += count) });
  await closing.close();
  const { outbox } = await arrivals();
  await vi.waitUntil(() => outbox.depth().waiting === 2, patient);
  expect(arrived).toBe(0);
  await outbox.close();
  await vi.waitUntil(async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    return ![...held, ...pending].some((lock) => lock.name?.startsWith(name));
  }, patient);
});

test('of two pages that wait for a third one’s end, only one takes over', async () => {
  await page(`await add('a', 'b'); parent.postMessage('stored')`);
  const heard = page(`outbox.release([]); parent.postMessage('open')`);
  await heard;
  let arrived = 0;
  const first = create();
  const second = create();
  const adopted = new Promise<void>((resolve) => {
    const host: OutboxHost = {
      onDropped() {},
      onArrived(count) {
        arrived += count;
        resolve();
      },
    };
    first.open(host);
    second.open(host);
  });
  await Promise.all([first.add(anEntry({ id: 'first' })), second.add(anEntry({ id: 'second' }))]);
  frames[1]?.remove();
  frames[0]?.remove();
  await adopted;
  await storedIds();
  expect(arrived).toBe(2);
  expect([...(await first.pull(all)), ...(await second.pull(all))].map(({ id }) => id).sort()).toEqual([
    'a',
    'b',
    'first',
    'second',
  ]);
});

test('settled entries are gone for good', async () => {
  const outbox = create();
  outbox.open({ onArrived() {}, onDropped() {} });
  void outbox.add(anEntry({ id: 'a' }));
  await outbox.add(anEntry({ id: 'b' }));
  await outbox.pull({ ...all, maxEvents: 1 });
  void outbox.settle('a', { kind: 'delivered' });
  await outbox.add(anEntry({ id: 'c' }));
  expect(await storedIds()).toEqual(['b', 'c']);
});
