import { attempt, createIds, type Plugin } from '@org/track-core';

export interface SequenceOptions {
  /** Tells the trackers of a page apart that send to different collectors. Default: none. */
  readonly name?: string;
}

/** What an event says about its stream, as `context.stream`. */
interface StreamContext {
  /** A random UUID, new with each page load, and with each person: nothing ties who comes after `reset()` to who was before. */
  readonly id: string;
  /** 1, 2, 3 … without a gap. */
  readonly number: number;
  /**
   * Only on the first event with a yes to `analytics`, without which nothing is read: the stream of the page that this tab showed before, with its last number. It makes losses at
   * the end of a page visible, and pages of which nothing arrived.
   */
  readonly previous?: Omit<StreamContext, 'previous'> | undefined;
}

/** What a tab remembers of its stream, and whose it was. */
type Remembered = readonly [id: string, number: number, anonymousId: string | undefined];

/**
 * Numbers the events of a page in `context.stream`, so that a warehouse can tell how many never arrived: `id` names the
 * stream, `number` counts 1, 2, 3 … without a gap, and `previous` on the first event that `analytics` was agreed to for is the
 * last `id` and `number` of the page that this tab showed before.
 *
 * It must be the last plugin: what a plugin behind it drops has its number, and counts as lost. So does what is let go
 * later: too large, too many waiting, consent withdrawn. What earlier plugins drop has none.
 *
 * The tab remembers in `sessionStorage`, only while `analytics` is agreed to; a no removes it. Where there is no such
 * storage, as in workers and with `pageOnly()`, `previous` is missing. Use one for each tracker.
 */
export function sequence({ name = '' }: SequenceOptions = {}): Plugin {
  const key = `jn:stream:${name}`;
  const ids = createIds({ now: Date.now });
  let stream: Remembered | undefined;
  let isLinked = false; // was it looked up what came before?
  let mayStore: boolean | undefined;
  let isSaving = false;

  function save(): void {
    isSaving = false;
    if (mayStore) attempt(() => sessionStorage.setItem(key, JSON.stringify(stream)));
  }

  /** The stream before, if it was the same person's. */
  function linkTo(anonymousId: string | undefined): Omit<StreamContext, 'previous'> | undefined {
    isLinked = true;
    return attempt(() => {
      const [id, number, whose] = JSON.parse(sessionStorage.getItem(key) ?? '[]') as Remembered;
      return whose === anonymousId && /^[\da-f-]{36}$/.test(id) && number > 0 ? { id, number } : undefined;
    });
  }

  return {
    name: 'sequence',
    setup({ consent }) {
      function forget(): void {
        if (consent.allows('analytics') !== false) return;
        mayStore = false;
        stream = undefined;
        attempt(() => sessionStorage.removeItem(key));
      }
      forget();
      return consent.onChange(forget);
    },
    process(event) {
      const { anonymousId, context } = event;
      mayStore = context?.consent?.categoryPreferences.analytics && !context.cookieless;
      const [id, last] = stream?.[2] === anonymousId && stream ? stream : [ids.random(), 0];
      const number = last + 1;
      stream = [id, number, anonymousId];
      const previous = mayStore && !isLinked ? linkTo(anonymousId) : undefined;
      // Once for all events of a task: each write is a message to another process.
      if (!isSaving) void Promise.resolve().then(save);
      isSaving = true;
      return { ...event, context: { ...context, stream: { id, number, previous } satisfies StreamContext } };
    },
  };
}
