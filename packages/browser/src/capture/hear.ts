import { attempt } from '@org/track-core';

/**
 * Hears `types` at `target` and at all within it, holds nothing up, until `signal` says stop. What goes wrong in
 * `onEvent` stays inside: it is no error of the page.
 */
export function hear<E extends Event = Event>(
  target: EventTarget,
  types: readonly string[],
  onEvent: (event: E) => void,
  signal: AbortSignal,
): void {
  for (const type of types) {
    target.addEventListener(type, (event) => attempt(() => onEvent(event as E)), {
      capture: true,
      passive: true,
      signal,
    });
  }
}
