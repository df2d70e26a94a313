import { setTimeout as pause } from 'node:timers/promises';
import type { Measure } from '../measure.ts';

interface Writes {
  transactions: number;
  records: number;
  items: number;
  itemCharacters: number;
  cookies: number;
}

declare const window: { writes: Writes };

/** Runs in the page, before everything else. */
function countWrites(): void {
  const writes = { transactions: 0, records: 0, items: 0, itemCharacters: 0, cookies: 0 };
  window.writes = writes;

  /** Calls `count` with the arguments of each call of `prototype[method]`. */
  function watch<T extends object>(prototype: T, method: keyof T & string, count: (...given: unknown[]) => void): void {
    const original = prototype[method] as (...given: unknown[]) => unknown;
    prototype[method] = function (this: T, ...given: unknown[]) {
      count(...given);
      return original.apply(this, given);
    } as T[keyof T & string];
  }

  watch(IDBDatabase.prototype, 'transaction', (_stores, mode = 'readonly') => {
    if (mode !== 'readonly') writes.transactions++;
  });
  for (const method of ['put', 'add', 'delete', 'clear'] as const) {
    watch(IDBObjectStore.prototype, method, () => void writes.records++);
  }
  watch(Storage.prototype, 'setItem', (_key, value) => {
    writes.items++;
    writes.itemCharacters += String(value).length;
  });
  watch(Storage.prototype, 'removeItem', () => void writes.items++);
  const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
  Object.defineProperty(Document.prototype, 'cookie', {
    ...cookie,
    set(this: Document, text: string) {
      writes.cookies++;
      cookie?.set?.call(this, text);
    },
  });
}

const patienceMs = 20_000;
const settleMs = 2_000;

export const storage: Measure = {
  title: 'Writing to the device',
  meaning:
    '100 events, ten in a task, until they have arrived, divided by 100; then ten idle seconds, all writes together. ' +
    'IndexedDB: transactions that may write, and records put or deleted. Items: setItem and removeItem of localStorage and ' +
    'sessionStorage, and the characters given to them.',
  columns: [
    { name: 'transactions per event', digits: 2 },
    { name: 'records per event', digits: 2 },
    { name: 'items per event', digits: 2 },
    { name: 'characters per event' },
    { name: 'cookies per event', digits: 2 },
    { name: 'writes in 10 s idle', isPromisedZero: true },
  ],
  run: ({ site, visit, isQuick }) =>
    visit({ before: countWrites }, async ({ page, start, track }) => {
      const count = 100;
      const writes = (): Promise<Writes> => page.evaluate(() => ({ ...window.writes }));
      await start();
      await site.arrival(await track(10), patienceMs);
      await pause(settleMs);
      const before = await writes();
      await site.arrival(await track(count), patienceMs);
      await pause(settleMs);
      const after = await writes();
      await pause(isQuick ? 2_000 : 10_000);
      const idle = await writes();
      const total = ({ transactions, records, items, cookies }: Writes): number =>
        transactions + records + items + cookies;
      const each = (key: keyof Writes): number => (after[key] - before[key]) / count;
      return [
        each('transactions'),
        each('records'),
        each('items'),
        each('itemCharacters'),
        each('cookies'),
        total(idle) - total(after),
      ];
    }),
};
