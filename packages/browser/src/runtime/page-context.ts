import type { EventContext, PageContext } from '@org/track-core';

let timezone: string | undefined;

/** Not in every browser yet. https://tc39.es/proposal-temporal/docs/now.html */
type WithTemporal = { readonly Temporal?: { readonly Now: { timeZoneId(): string } } };

/** An event's circumstances, with the page as it is now; the time zone takes long to ask for, so only once. */
export function readContext(): EventContext & { readonly page: Required<PageContext> } {
  // The parts, because `href` may hold a name and a password.
  const { origin, pathname: path, search, hash } = location;
  // A fragment of key=value pairs is where log-ins hand over tokens.
  const url = origin + path + search + (hash.includes('=') ? '' : hash);
  // `Intl` loads its data first: some 15 ms, and a long task on a phone.
  timezone ??=
    (globalThis as WithTemporal).Temporal?.Now.timeZoneId() ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  return {
    page: { url, path, search, title: document.title, referrer: document.referrer },
    timezone,
    locale: navigator.language,
  };
}
