import type { Verdict } from '../event/entry.ts';
import type { Outbox, OutboxHost } from '../outbox/outbox.ts';
import { anEntry } from './builders.ts';
import { type ContractCase, expectSame } from './contract.ts';

/** A host that remembers what it was told. */
interface WatchingHost extends OutboxHost {
  readonly lost: string[];
  arrived: number;
}

function watchingHost(): WatchingHost {
  const host: WatchingHost = {
    lost: [],
    arrived: 0,
    onDropped: (ids) => {
      host.lost.push(...ids);
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
const delivered: Verdict = { kind: 'delivered' };

/** What every outbox must do, whatever it keeps its entries in. */
export function outboxContract({ create, createBounded, reopen, settled }: OutboxUnderTest): readonly ContractCase[] {
  async function opened(outbox: Outbox | Promise<Outbox>): Promise<[Outbox, WatchingHost]> {
    const host = watchingHost();
    const ready = await outbox;
    ready.open(host);
    await settled?.();
    return [ready, host];
  }
  const entries = ['a', 'b', 'c', 'd'].map((id) => anEntry({ id }));
  const [first] = entries;
  const bytes = first?.bytes ?? 0;

  const cases: ContractCase[] = [
    {
      rule: 'gives the oldest first and leases what it gave',
      async check() {
        const [outbox] = await opened(create());
        await outbox.add(entries);
        expectSame('first pull', idsOf(await outbox.pull({ ...all, maxEvents: 3 })), ['a', 'b', 'c']);
        expectSame('second pull', idsOf(await outbox.pull(all)), ['d']);
        expectSame('third pull', idsOf(await outbox.pull(all)), []);
        await outbox.close();
      },
    },
    {
      rule: 'keeps a batch within maxBytes, but gives one entry at least',
      async check() {
        const [outbox] = await opened(create());
        await outbox.add(entries);
        expectSame('two fit', idsOf(await outbox.pull({ ...all, maxBytes: bytes * 2 })), ['a', 'b']);
        expectSame('none fits', idsOf(await outbox.pull({ ...all, maxBytes: 1 })), ['c']);
        await outbox.close();
      },
    },
    {
      rule: 'returns entries as they were added',
      async check() {
        const [outbox] = await opened(create());
        await outbox.add(entries.slice(0, 1));
        expectSame('entry', await outbox.pull(all), entries.slice(0, 1));
        await outbox.close();
      },
    },
    {
      rule: 'knows at any moment how much waits and how much is leased',
      async check() {
        const [outbox] = await opened(create());
        void outbox.add(entries);
        expectSame('after add', outbox.depth(), { waiting: 4, waitingBytes: bytes * 4, leased: 0 });
        const pulled = await outbox.pull({ ...all, maxEvents: 3 });
        expectSame('after pull', outbox.depth(), { waiting: 1, waitingBytes: bytes, leased: 3 });
        void outbox.settle(idsOf(pulled).slice(1), delivered);
        expectSame('after settle', outbox.depth(), { waiting: 1, waitingBytes: bytes, leased: 1 });
        await outbox.close();
      },
    },
    {
      rule: 'settles by id, in any order, once; unknown ids change nothing',
      async check() {
        const [outbox] = await opened(create());
        await outbox.add(entries);
        await outbox.pull({ ...all, maxEvents: 3 });
        await outbox.settle(['c', 'a', 'nobody'], delivered);
        await outbox.settle(['a'], delivered);
        expectSame('leased', outbox.depth().leased, 1);
        expectSame('waiting', idsOf(await outbox.pull(all)), ['d']);
        await outbox.close();
      },
    },
    {
      rule: 'takes back what is released: it is the oldest again',
      async check() {
        const [outbox] = await opened(create());
        await outbox.add(entries);
        const pulled = await outbox.pull({ ...all, maxEvents: 3 });
        outbox.release(pulled.slice(1));
        expectSame('depth', outbox.depth(), { waiting: 3, waitingBytes: bytes * 3, leased: 1 });
        expectSame('pulled again', idsOf(await outbox.pull(all)), ['b', 'c', 'd']);
        await outbox.close();
      },
    },
    {
      rule: 'when full drops the oldest that wait, says so, and never what is leased',
      async check() {
        const [outbox, host] = await opened(createBounded(2));
        await outbox.add(entries.slice(0, 2));
        const leased = idsOf(await outbox.pull({ ...all, maxEvents: 1 }));
        await outbox.add([...entries.slice(2), anEntry({ id: 'e' })]);
        const kept = idsOf(await outbox.pull(all));
        expectSame('leased', leased, ['a']);
        expectSame('kept or lost', [...kept, ...host.lost].sort(), ['b', 'c', 'd', 'e']);
        expectSame('kept are the newest', kept, ['b', 'c', 'd', 'e'].slice(-kept.length));
        if (kept.length > 2) throw new Error(`bound of 2: ${kept.length} waited`);
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
        expectSame('durable', await outbox.add(entries), true);
        const pulled = await outbox.pull({ ...all, maxEvents: 2 });
        await outbox.settle(idsOf(pulled).slice(0, 1), delivered);
        await outbox.close();
        const [later, host] = await opened(reopen());
        expectSame('arrived', host.arrived, 3);
        expectSame('found', idsOf(await later.pull(all)), ['b', 'c', 'd']);
        await later.close();
      },
    },
  ];
}
