import type { Outbox, OutboxHost } from '@org/track-core';
import { createIndexedDbOutbox, type IndexedDbOutboxOptions } from '../outbox/indexed-db-outbox.ts';
import { watchPage } from '../runtime/page-lifecycle.ts';
import type { CarryFirst, DeliveryPage, DeliveryPart } from './delivery-part.ts';

/** `createTracker` hands over what it makes its outbox with. */
type StoringPage = DeliveryPage & IndexedDbOutboxOptions;

/**
 * What a tab leaves on disk when it crashes is taken over by a tab that was open before, not only by the next page.
 *
 * A page waits for the end of those that it knows, and hears of others when it opens, sends, or is seen again. Only where
 * the browser has Web Locks, which secure contexts have.
 */
export const takeover = (): DeliveryPart =>
  ((next, page) => {
    const { outbox, ...storing } = page as StoringPage;
    const { name, mayStore } = storing;
    const { open, add, close } = outbox;
    const own = new Set<string>(); // ids of what this page tracked or took over
    const known = new Set<string>(); // locks of other pages, by name
    const ending = new AbortController();
    let self: string | undefined; // by what id the browser knows this page
    let host: OutboxHost;
    let watcher: Outbox | undefined; // finds what others left, and waits for their end

    /** Hands what the watcher found to the page's own outbox, which answers for it from now on. */
    function createWatcher(): Outbox {
      const found = createIndexedDbOutbox(storing);
      found.open({
        ...host,
        onArrived(howMany, hasWaited) {
          const entries = found.pull({ maxEvents: Infinity, maxBytes: Infinity });
          // What this page itself has on disk is not left: to the watcher it is one more page.
          const left = entries.filter(({ id }) => !own.has(id));
          const stored = left.map(outbox.add);
          if (left.length || !entries.length) host.onArrived(howMany, hasWaited);
          // Until then nobody else may think that it was left.
          void Promise.all(stored).then(() => found.rest?.());
        },
      });
      return found;
    }

    /** All locks of the origin. To be asked at each request, it may cost little: the page asks for its own id once. */
    async function askWhoHoldsWhat(): Promise<readonly LockInfo[]> {
      const ask = async (): Promise<readonly LockInfo[]> => (await navigator.locks.query()).held ?? [];
      if (self !== undefined) return ask();
      const probe = `${Math.random()}`;
      const held = await navigator.locks.request(probe, ask);
      self = held.find((lock) => lock.name === probe)?.clientId;
      return held;
    }

    async function look(): Promise<void> {
      if (!mayStore()) return;
      const held = await askWhoHoldsWhat();
      const before = known.size;
      for (const lock of held) if (lock.clientId !== self && lock.name?.startsWith(name)) known.add(lock.name);
      if (known.size === before || ending.signal.aborted) return;
      void watcher?.close();
      watcher = createWatcher();
    }

    /** Where locks are missing, or refused as in a sandbox, the next page takes over. */
    const lookAround = (): void => void look().catch(() => {});

    Object.assign(outbox, {
      open(newHost) {
        host = newHost;
        open(newHost);
        if (typeof document === 'object') watchPage(() => {}, lookAround, ending.signal);
      },
      add(entry) {
        own.add(entry.id);
        return add(entry);
      },
      close() {
        ending.abort();
        void watcher?.close();
        return close();
      },
    } satisfies Partial<typeof outbox>);

    return {
      send(entries, options) {
        lookAround();
        return next.send(entries, options);
      },
    };
  }) satisfies CarryFirst as DeliveryPart;
