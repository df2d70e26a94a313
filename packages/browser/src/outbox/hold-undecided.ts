import type { Entry, Outbox } from '@org/track-core';

/**
 * Keeps back what is undecided. A worker finds what the one before it left, perhaps before it was told what the person
 * agreed to: until then such entries are neither sent nor dropped. They come out when consent changes, since then all that
 * waits is asked for.
 */
export function holdUndecided(outbox: Outbox, isUndecided: (entry: Entry) => boolean): Outbox {
  let held: readonly Entry[] = [];
  return {
    ...outbox,
    pull(limits) {
      const pulled = [...held, ...outbox.pull(limits)];
      held = pulled.filter(isUndecided);
      return pulled.filter((entry) => !isUndecided(entry));
    },
    rest() {
      if (!held[0]) outbox.rest?.();
    },
  };
}
