import { listen } from './page-lifecycle.ts';

/**
 * Calls `onChange` after each navigation within the document, until `signal` says stop.
 *
 * The Navigation API tells it without touching the host's functions. Where it is missing, `history` is wrapped; once
 * stopped the wrapping stays and does nothing: somebody else may have wrapped it since.
 */
export function watchUrl(onChange: () => void, signal: AbortSignal): void {
  const { navigation } = window as { navigation?: EventTarget };
  if (navigation) return navigation.addEventListener('currententrychange', onChange, { signal });
  listen('popstate', onChange, signal);
  for (const method of ['pushState', 'replaceState'] as const) {
    const original = history[method];
    history[method] = (...change) => {
      original.apply(history, change);
      if (!signal.aborted) onChange();
    };
  }
}
