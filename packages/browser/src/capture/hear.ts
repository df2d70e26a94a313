import { attempt } from '@org/track-core';

/** The same task, of which nothing that goes wrong gets out: it is no error of the page. */
export const quietly =
  <A extends readonly unknown[]>(task: (...args: A) => void) =>
  (...args: A): void =>
    attempt(() => task(...args));

/** Hears `types` at `target` and at all within it, quietly and without holding anything up, until `signal` says stop. */
export function hear<E extends Event = Event>(
  target: EventTarget,
  types: readonly string[],
  onEvent: (event: E) => void,
  signal: AbortSignal,
): void {
  const listener = quietly((event: Event) => onEvent(event as E));
  for (const type of types) target.addEventListener(type, listener, { capture: true, passive: true, signal });
}
