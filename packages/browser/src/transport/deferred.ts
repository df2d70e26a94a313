import { type Entry, envelopeBody, type SendOutcome } from '@org/track-core';
import type { CarryFirst, DeliveryPage, DeliveryPart } from './delivery-part.ts';
import { keepaliveRoom, type PageTransport } from './page-transport.ts';

/** Not in TypeScript's library yet. https://fetch.spec.whatwg.org/#dom-window-fetchlater */
declare const fetchLater: ((url: string, init: RequestInit) => { readonly activated: boolean }) | undefined;

/** A request in the browser's hands. */
interface Armed {
  /** All that should be in it; without room for all it holds the first of them. */
  readonly entries: readonly Entry[];
  /** Whether it was sent. */
  readonly result: { readonly activated: boolean };
  readonly controller: AbortController;
}

/** Most bytes of events in the request: a page has 64 KiB for all that it defers to one site, and may need some itself. */
const maxBytes = 48_000;

/** The request is renewed no sooner than this after the last time, milliseconds: it costs the page some 0.3 ms. */
const renewAfterMs = 250;

/** … and where there was no room for a single event. */
const noRoomAfterMs = 10_000;

/** How long a busy page may put the renewal off, milliseconds. */
const idlePatienceMs = 250;

/**
 * Where the browser has `fetchLater` (Chromium 135 and later), it holds a request with the oldest 48 KB of what has no
 * answer yet, and sends it when the page is gone, also when it crashed or was killed: then events arrive at once that
 * otherwise come with the next visit. Elsewhere, and where the policy `deferred-fetch` forbids it, this does nothing.
 *
 * What a request under way carries past the page's end is not deferred, nor what consent no longer covers, nor anything
 * while the collector asks for a rest or nothing answers: that may be a blocker, and this is no way round it. What
 * arrives twice all the same, the collector knows by its ids.
 */
export const deferred = (): DeliveryPart =>
  ((next, page) =>
    typeof fetchLater === 'function'
      ? deferWhatWaits(next, page, fetchLater)
      : next) satisfies CarryFirst as DeliveryPart;

function deferWhatWaits(
  next: PageTransport,
  { endpoint, writeKey, clock, outbox, allow }: DeliveryPage,
  defer: NonNullable<typeof fetchLater>,
): PageTransport {
  const { add, settle, release, close } = outbox;
  let waiting = new Map<string, Entry>(); // what would be lost to this visit, oldest first
  let armed: Armed | undefined;
  let isPlanned = false;
  let isOver = false;
  let isSilent = false; // did the latest batch get no answer?
  let renewedAt = -Infinity;
  let restUntil = 0; // nothing is deferred before this moment of `clock.elapsed()`

  function disarm(): void {
    armed?.controller.abort();
    armed = undefined;
  }

  function end(): void {
    isOver = true;
    disarm();
  }

  /** What should be deferred now: the oldest that fit. */
  function due(): readonly Entry[] {
    const entries: Entry[] = [];
    let room = maxBytes;
    for (const entry of waiting.values()) {
      if (!allow(entry)) continue;
      room -= entry.bytes + 1; // the comma
      if (room < 0) break;
      entries.push(entry);
    }
    return entries;
  }

  /** Replaces the request by one that holds what waits now. */
  function renew(): void {
    if (isOver || isSilent) return;
    renewedAt = clock.elapsed();
    if (renewedAt < restUntil) return changed();
    const entries = due();
    const isSame =
      entries.length === armed?.entries.length && entries.every((entry, at) => entry === armed?.entries[at]);
    if (isSame && !armed?.result.activated) return;
    disarm();
    let howMany = entries.length;
    while (howMany && !arm(entries, howMany)) howMany >>= 1;
    if (entries[0] && !howMany) {
      restUntil = renewedAt + noRoomAfterMs;
      changed();
    }
  }

  /** Hands the first `howMany` over. False: there is no room for so many. */
  function arm(entries: readonly Entry[], howMany: number): boolean {
    const controller = new AbortController();
    // When it will be sent nobody knows, and a `sentAt` would say that it is known.
    const body = envelopeBody(entries.slice(0, howMany), clock.now(), writeKey).replace('sentAt', 'deferredAt');
    try {
      const result = defer(endpoint, { method: 'POST', body, referrer: '', signal: controller.signal });
      armed = { entries, result, controller };
      return true;
    } catch (error) {
      if ((error as Partial<Error> | undefined)?.name === 'QuotaExceededError') return false;
      end(); // whatever forbids it, asking again changes nothing
      return true;
    }
  }

  /** What waits is not what it was. */
  function changed(): void {
    if (!waiting.size) return disarm();
    if (isPlanned || isOver || isSilent) return;
    isPlanned = true;
    const dueAt = Math.max(restUntil, renewedAt + renewAfterMs);
    clock.after(Math.max(0, dueAt - clock.elapsed()), () =>
      requestIdleCallback(
        () => {
          isPlanned = false;
          renew();
        },
        { timeout: idlePatienceMs },
      ),
    );
  }

  Object.assign(outbox, {
    add(entry) {
      // First: an outbox that is full settles what it does not take.
      waiting.set(entry.id, entry);
      changed();
      return add(entry);
    },
    settle(id, verdict) {
      // What is dropped may not leave, so it is taken back in this very task.
      if (verdict.kind === 'dropped' && armed?.entries.some((entry) => entry.id === id)) disarm();
      if (waiting.delete(id)) changed();
      return settle(id, verdict);
    },
    release(entries) {
      release(entries);
      waiting = new Map([...entries, ...waiting.values()].map((entry) => [entry.id, entry]));
      // When consent changes, all that waits is taken out and comes back; what is under way is only seen here.
      if (!armed?.entries.every(allow)) disarm();
      changed();
    },
    close() {
      end();
      return close();
    },
  } satisfies Partial<typeof outbox>);

  return {
    async send(entries, options) {
      const room = keepaliveRoom;
      const sent = next.send(entries, options);
      // It outlives the page. Should it fail, the entries are released, and are here again.
      if (keepaliveRoom < room) for (const { id } of entries) waiting.delete(id);
      changed();
      // The page may end with this task, after the other batches of the same moment have left.
      if (options.exit) queueMicrotask(renew);
      let outcome: SendOutcome | undefined;
      try {
        outcome = await sent;
      } finally {
        isSilent = !outcome;
        if (outcome?.kind === 'retry' && outcome.retryAfterMs) {
          restUntil = Math.max(restUntil, clock.elapsed() + outcome.retryAfterMs);
        }
        if (isSilent || clock.elapsed() < restUntil) disarm();
        changed();
      }
      return outcome;
    },
  };
}
