import type { Entry } from '../event/entry.ts';
import type { Outbox, OutboxHost } from '../outbox/outbox.ts';
import { anEntry } from './builders.ts';
import { type ContractCase, expectSame } from './contract.ts';

/** A host that remembers what it was told. */
interface WatchingHost extends OutboxHost {
  readonly lost: string[];
  arrived: number;
}

function watchingHost(outbox: Outbox): WatchingHost {
  const host: WatchingHost = {
    lost: [],
    arrived: 0,
    onDropped: (id, reason) => {
      host.lost.push(id);
      void outbox.settle(id, { kind: 'dropped', reason });
    },
    onArrived: (count) => {
      host.arrived += count;
    },
  };
  return host;
}

export interface OutboxUnderTest {
  /** A new, empty outbox. */
  readonly create: () => Outbox | Promise<Outbox>;
  /** Opens what an earlier outbox of this test left, as a later visit would. Only for durable ones. */
  readonly reopen?: () => Outbox | Promise<Outbox>;
  /** Resolves when stored entries of an earlier visit were found. Only for durable ones. */
  readonly settled?: () => Promise<void>;
  /** A new outbox that holds at most `maxEvents`, dropping the oldest. */
  readonly createBounded: (maxEvents: number) => Outbox | Promise<Outbox>;
}

const all = { maxEvents: 1_000, maxBytes: 1_000_000 };
const idsOf = (entries: readonly { readonly id: string }[]): readonly string[] => entries.map(({ id }) => id);

/** What every outbox must do, whatever it keeps its entries in. */
export function outboxContract({ create, createBounded, reopen, settled }: OutboxUnderTest): readonly ContractCase[] {
  async function opened(outbox: Outbox | Promise<Outbox>): Promise<[Outbox, WatchingHost]> {
    const ready = await outbox;
    const host = watchingHost(ready);
    ready.open(host);
    await settled?.();
    return [ready, host];
  }
  /** The last one's answer stands for all. */
  async function addAll(outbox: Outbox, entries: readonly Entry[]): Promise<unknown> {
    return (await Promise.all(entries.map((entry) => outbox.add(entry)))).at(-1);
  }
  async function deliver(outbox: Outbox, ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => outbox.settle(id, { kind: 'delivered' })));
  }
  const entries = ['a', 'b', 'c', 'd'].map((id) => anEntry({ id }));
  const [first] = entries;
  const bytes = first?.bytes ?? 0;

  const cases: ContractCase[] = [
    {
      rule: 'gives the oldest first and leases what it gave',
      async check() {
        const [outbox] = await opened(create());
        await addAll(outbox, entries);
        expectSame('first pull', idsOf(outbox.pull({ ...all, maxEvents: 3 })), ['a', 'b', 'c']);
        expectSame('second pull', idsOf(outbox.pull(all)), ['d']);
        expectSame('third pull', idsOf(outbox.pull(all)), []);
        await outbox.close();
      },
    },
    {
      rule: 'keeps a batch within maxBytes, but gives one entry at least',
      async check() {
        const [outbox] = await opened(create());
        await addAll(outbox, entries);
        expectSame('two fit', idsOf(outbox.pull({ ...all, maxBytes: bytes * 2 })), ['a', 'b']);
        expectSame('none fits', idsOf(outbox.pull({ ...all, maxBytes: 1 })), ['c']);
        await outbox.close();
      },
    },
    {
      rule: 'returns entries as they were added',
      async check() {
        const [outbox] = await opened(create());
        await addAll(outbox, entries.slice(0, 1));
        expectSame('entry', outbox.pull(all), entries.slice(0, 1));
        await outbox.close();
      },
    },
    {
      rule: 'knows at any moment how much waits',
      async check() {
        const [outbox] = await opened(create());
        void addAll(outbox, entries);
        expectSame('after add', outbox.depth(), { waiting: 4, waitingBytes: bytes * 4 });
        const pulled = outbox.pull({ ...all, maxEvents: 3 });
        expectSame('after pull', outbox.depth(), { waiting: 1, waitingBytes: bytes });
        void deliver(outbox, idsOf(pulled).slice(1));
        expectSame('after settle', outbox.depth(), { waiting: 1, waitingBytes: bytes });
        await outbox.close();
      },
    },
    {
      rule: 'settles what was leased, by id and in any order; what waits stays, and what is unknown or done changes nothing',
      async check() {
        const [outbox] = await opened(create());
        await addAll(outbox, entries);
        const pulled = outbox.pull({ ...all, maxEvents: 3 });
        await deliver(outbox, ['c', 'a', 'nobody', 'a']);
        expectSame('depth', outbox.depth(), { waiting: 1, waitingBytes: bytes });
        outbox.release(pulled.slice(1, 2));
        expectSame('what is left', idsOf(outbox.pull(all)), ['b', 'd']);
        expectSame('nothing comes back', idsOf(outbox.pull(all)), []);
        await outbox.close();
      },
    },
    {
      rule: 'takes back what is released: it is the oldest again',
      async check() {
        const [outbox] = await opened(create());
        await addAll(outbox, entries);
        const pulled = outbox.pull({ ...all, maxEvents: 3 });
        outbox.release(pulled.slice(1));
        expectSame('depth', outbox.depth(), { waiting: 3, waitingBytes: bytes * 3 });
        expectSame('pulled again', idsOf(outbox.pull(all)), ['b', 'c', 'd']);
        await outbox.close();
      },
    },
    {
      rule: 'when full drops the oldest that wait, says so, and never what is leased',
      async check() {
        const [outbox, host] = await opened(createBounded(2));
        await addAll(outbox, entries.slice(0, 2));
        const leased = idsOf(outbox.pull({ ...all, maxEvents: 1 }));
        await addAll(outbox, [...entries.slice(2), anEntry({ id: 'e' })]);
        const kept = idsOf(outbox.pull(all));
        expectSame('leased', leased, ['a']);
        expectSame('kept or lost', [...kept, ...host.lost].sort(), ['b', 'c', 'd', 'e']);
        expectSame('kept are the newest', kept, ['b', 'c', 'd', 'e'].slice(-kept.length));
        if (kept.length > 2) throw new Error(`bound of 2: ${kept.length} waited`);
        await outbox.close();
      },
    },
    {
      rule: 'loses nothing without a word: each entry added is given out or given up, once',
      async check() {
        const [outbox, host] = await opened(createBounded(3));
        const added = Array.from({ length: 40 }, (_, index) => anEntry({ id: `e${index + 10}` }));
        const fates: string[] = [];
        for (const [index, entry] of added.entries()) {
          void outbox.add(entry);
          // Each way out and back, in turns that meet the bound at different fillings.
          if (index % 7 === 2) outbox.release(outbox.pull({ ...all, maxEvents: 2 }));
          if (index % 5 === 4) {
            const [kept, ...returned] = outbox.pull(all);
            outbox.release(returned);
            fates.push(...idsOf(kept ? [kept] : []));
            void deliver(outbox, fates.slice(-1));
          }
        }
        fates.push(...idsOf(outbox.pull(all)), ...host.lost);
        expectSame('fates', fates.sort(), idsOf(added));
        expectSame('depth', outbox.depth(), { waiting: 0, waitingBytes: 0 });
        if (host.lost.length === 0) throw new Error('expected a bound of 3 to be met');
        await outbox.close();
      },
    },
  ];
  if (!reopen) return cases;
  return [
    ...cases,
    {
      rule: 'finds again what was not settled, leased or not, and only that',
      async check() {
        const [outbox] = await opened(create());
        expectSame('durable', await addAll(outbox, entries), true);
        const pulled = outbox.pull({ ...all, maxEvents: 2 });
        await deliver(outbox, idsOf(pulled).slice(0, 1));
        await outbox.close();
        const [later, host] = await opened(reopen());
        expectSame('arrived', host.arrived, 3);
        expectSame('found', idsOf(later.pull(all)), ['b', 'c', 'd']);
        await later.close();
      },
    },
    {
      rule: 'each entry added is settled, given up, or found by the next visit, once',
      async check() {
        const [outbox, host] = await opened(createBounded(3));
        await addAll(outbox, entries);
        const [first, second] = idsOf(outbox.pull({ ...all, maxEvents: 2 }));
        await deliver(outbox, ['nobody', second ?? '', second ?? '']);
        await addAll(
          outbox,
          ['e', 'f', 'g'].map((id) => anEntry({ id })),
        );
        outbox.release(outbox.pull({ ...all, maxEvents: 1 }));
        await outbox.close();
        const [later, laterHost] = await opened(reopen());
        const found = idsOf(later.pull(all));
        expectSame('leased and not settled', found.includes(first ?? ''), true);
        expectSame('arrived', laterHost.arrived, found.length);
        expectSame('fates', [second, ...host.lost, ...found].sort(), ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
        if (host.lost.length === 0) throw new Error('expected a bound of 3 to be met');
        await later.close();
      },
    },
  ];
}
