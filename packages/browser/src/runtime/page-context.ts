import type { EventContext, PageContext } from '@org/track-core';

/** The page as it is now. */
export function readPage(): Required<PageContext> {
  const url = new URL(location.href);
  const { pathname: path, search } = url;
  url.username = url.password = '';
  // A fragment of key=value pairs is where log-ins hand over tokens.
  if (url.hash.includes('=')) url.hash = '';
  return { url: url.href, path, search, title: document.title, referrer: document.referrer };
}

let timezone: string | undefined;

/** An event's circumstances, as they are now; the time zone takes long to ask for, so only once. */
export function readContext(): EventContext {
  timezone ??= Intl.DateTimeFormat().resolvedOptions().timeZone;
  return { page: readPage(), locale: navigator.language, timezone };
}
