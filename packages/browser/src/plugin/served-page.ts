import { attempt, isPageViewId, type Plugin } from '@org/track-core';

/** What a server writes: the metric in `Server-Timing`, or a meta tag of that name. */
const name = 'doc';

/** The id that the server gave this document; nothing if it gave none, or nothing that looks like one. */
function servedId(): string | undefined {
  const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  const ids = [
    entry?.serverTiming?.find((timing) => timing.name === name)?.description,
    document.querySelector<HTMLMetaElement>(`meta[name=${name}]`)?.content,
  ];
  return ids.find(isPageViewId);
}

/**
 * Says with the first page view of a document which answer of the server it was, as `context.served.id`: so a warehouse
 * can tell how many of the pages that a server served were seen by a browser that may tell of it, and how many, at most,
 * content blockers swallowed. The server's half is `servedPages()`.
 *
 * Later views of the same document, single-page navigations and returns from the back/forward cache, say nothing: no
 * document was served for them. A page that was prerendered says it once it is looked at. Put it behind what drops page
 * views, such as `sampling()`. Nothing is stored, and nothing is sent that was not sent anyway.
 */
export function servedPage(): Plugin {
  let isTold = false;
  return {
    name: 'served-page',
    process(event) {
      if (isTold || event.type !== 'page') return event;
      isTold = true;
      const id = attempt(servedId);
      return id ? { ...event, context: { ...event.context, served: { id } } } : event;
    },
  };
}
