import { attempt, type Entry, envelopeBody, type SendOutcome } from '@org/track-core';
import { createParking } from '../outbox/parking.ts';
import { watchPage } from '../runtime/page-lifecycle.ts';
import { watchUrl } from '../runtime/page-url.ts';
import { createSiteWitness } from '../runtime/site-witness.ts';
import type { CarryFirst, DeliveryPart } from './delivery-part.ts';

/**
 * How the latest batch fared.
 *
 * - `ok`: the collector took it.
 * - `throttled`: the collector asks for patience (429).
 * - `unauthorized`: the collector does not let us write (401, 403); such events are `dead`.
 * - `down`: something else answered (5xx, 404, a log-in page), or nothing did, for a reason a page cannot see.
 * - `offline`: nothing answered, and the browser says that it has no network.
 * - `blocked`: nothing answered, twice in a row within 100 ms, while the browser was online and this site answered
 *   something else in between. A suspicion: a `connect-src` that forbids it looks the same, and so does, for an endpoint
 *   of another origin, a host that refuses at once.
 * - `cors`: the endpoint is of another origin and answers, and the browser does not show us what. The collector does not
 *   allow this origin, or an error page in front of it does not.
 */
export type DeliveryState = 'ok' | 'throttled' | 'unauthorized' | 'down' | 'offline' | 'blocked' | 'cors';

export interface DeliveryStateOptions {
  /** Called when the state becomes another. What it throws is passed over. Default: nobody is told. */
  readonly onChange?: (state: DeliveryState) => void;
}

/** For one tracker. */
export interface DeliveryStatePart extends DeliveryPart {
  /** Undefined before the first batch has fared in any way. */
  readonly state: DeliveryState | undefined;
}

/** Tries without an answer in one view of the page, before events rest. */
const maxTries = 3;

/** Blockers end a request within this time, mostly within a few milliseconds. */
const maxBlockingMs = 100;

/** So many events wait for somebody who blocks us. */
const maxBlockedEvents = 50;

/** Would another try tell no more than what is known? Until something answers, silence does not change such a state. */
const isHopeless = (state: DeliveryState | undefined): state is 'blocked' | 'cors' =>
  state === 'blocked' || state === 'cors';

/** How the latest batch fared, by what the answer to it gives as its reason; none: it was taken. */
function stateOfAnswer(reason: string | undefined): DeliveryState {
  if (!reason) return 'ok';
  if (/-40[13]$/.test(reason)) return 'unauthorized';
  return reason === 'http-429' ? 'throttled' : 'down';
}

/**
 * Tells how delivery fares, and stops asking where nobody answers.
 *
 * The batches themselves are the probe: there is no other request, and no other way. After three tries without an answer
 * in one view of the page, or one that leaves it `blocked` or `cors`, events rest, stored as ever. They go on when the
 * browser is online again, the page visible again or back from the back/forward cache, when its URL becomes that of
 * another page, or with the next visit. Until then a `flush()` or `shutdown()` does not wait for them. A 503 and its like
 * are no silence: they are retried as without this part.
 *
 * While `blocked`, at most 50 events wait; those that come later are dropped as `outbox-full`.
 */
export function deliveryState({ onChange }: DeliveryStateOptions = {}): DeliveryStatePart {
  const carryFirst: CarryFirst = (next, { clock, endpoint, outbox, writeKey }) => {
    const parking = createParking(outbox);
    const witness = createSiteWitness();
    const closing = new AbortController();
    let state: DeliveryState | undefined;
    let tries = 0; // without an answer, in this view of the page
    let isReadable = false; // has an answer ever been shown to us?
    let view: string | undefined; // which page is seen, once that matters

    const { close } = outbox;
    outbox.close = () => {
      closing.abort();
      witness.forget();
      return close();
    };

    function become(newState: DeliveryState): void {
      const isNews = newState !== state && !closing.signal.aborted;
      state = newState;
      if (isHopeless(state)) tries = maxTries;
      if (tries >= maxTries) parking.park(state === 'blocked' ? maxBlockedEvents : Infinity);
      if (!isNews) return;
      part.state = newState;
      attempt(() => onChange?.(newState));
    }

    function onAnswer(reason: string | undefined): void {
      tries = 0;
      isReadable = true;
      witness.forget();
      parking.resume(); // another batch, under way beside it, may have been the last try
      // One that is too large says nothing of the way: its parts will.
      if (reason !== 'too-large') become(stateOfAnswer(reason));
    }

    function onSilence(isFast: boolean): void {
      tries++;
      watchChanges();
      if (!navigator.onLine || !isFast) witness.forget();
      if (!navigator.onLine) become('offline');
      else if (isHopeless(state)) become(state);
      else become(isFast && witness.hasAnswered() ? 'blocked' : 'down');
    }

    function goOn(): void {
      tries = 0;
      parking.resume();
    }

    /** Once something failed, hears of whatever may have changed that. */
    function watchChanges(): void {
      const here = (): string => location.pathname + location.search;
      if (view !== undefined) return;
      view = here();
      watchPage(() => {}, goOn, closing.signal);
      watchUrl(() => {
        if (view === here()) return;
        view = here();
        goOn();
      }, closing.signal);
    }

    /** Sends a batch so that one thing alone is shown to us: whether anything answers. */
    const sendUnread = (entries: readonly Entry[], signal: AbortSignal): Promise<SendOutcome> =>
      fetch(endpoint, {
        ...{ method: 'POST', mode: 'no-cors', signal },
        body: envelopeBody(entries, clock.now(), writeKey),
      }).then(() => ({ kind: 'retry', reason: 'config' }));

    return {
      async send(entries, options) {
        const { exit, signal } = options;
        const triesBefore = tries;
        const startedAt = clock.elapsed();
        let isUnread = false;
        let answer: SendOutcome | undefined;
        try {
          // Of another origin a failure alone tells nothing, so the second try is one that needs no leave to be read.
          isUnread = tries === 1 && !exit && !isReadable && isForeign(endpoint);
          answer = await Promise.race([
            isUnread ? sendUnread(entries, signal) : next.send(entries, options),
            // A patched `fetch` may go on for ever.
            new Promise<never>((_, reject) => signal.addEventListener('abort', reject)),
          ]);
          return answer;
        } finally {
          const reason = answer && 'reason' in answer ? answer.reason : undefined;
          if (!answer || reason === 'network' || reason === 'timeout') {
            // Batches that were under way side by side are one try. At the page's end a full budget for keepalive
            // refuses as fast as any blocker.
            if (tries === triesBefore) onSilence(!exit && clock.elapsed() - startedAt < maxBlockingMs);
          } else if (isUnread) become('cors');
          else if (answer.kind !== 'unconfirmed') onAnswer(reason);
        }
      },
    };
  };
  const part = Object.assign(carryFirst as DeliveryPart, { state: undefined as DeliveryState | undefined });
  return part;
}

const isForeign = (endpoint: string): boolean => new URL(endpoint, document.baseURI).origin !== location.origin;
