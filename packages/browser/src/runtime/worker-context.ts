import type { EventContext } from '@org/track-core';

let timezone: string | undefined;

/** The circumstances of an event in a worker, where there is no page. */
export function readWorkerContext(): EventContext {
  timezone ??= Intl.DateTimeFormat().resolvedOptions().timeZone;
  return { locale: navigator.language, timezone };
}
