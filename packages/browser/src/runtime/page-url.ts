/**
 * Calls `onChange` after each navigation within the document, until the returned function is called.
 *
 * The Navigation API tells it without touching the host's functions. Where it is missing, `history` is wrapped; the
 * wrapping is undone unless somebody else has wrapped it since.
 */
export function watchUrl(onChange: () => void): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  const { navigation } = window as { navigation?: EventTarget };
  if (navigation) navigation.addEventListener('currententrychange', onChange, { signal });
  else {
    addEventListener('popstate', onChange, { signal });
    for (const method of ['pushState', 'replaceState'] as const) {
      const original = history[method];
      const wrapped: typeof original = (...change) => {
        original.apply(history, change);
        if (!signal.aborted) onChange();
      };
      history[method] = wrapped;
      signal.addEventListener('abort', () => {
        if (history[method] === wrapped) history[method] = original;
      });
    }
  }
  return () => controller.abort();
}
