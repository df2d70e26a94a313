import { attempt } from '@org/track-core';

/** Tells whether this site answers others while it does not answer us. */
export interface SiteWitness {
  /** Whether it answered anything since this was first asked. */
  hasAnswered(): boolean;
  /** Whoever asks next asks first. */
  forget(): void;
}

/** An answer of 200 that came over the network: a cached one also comes when there is none. */
const isAnswer = ({ name, responseStatus, transferSize }: PerformanceResourceTiming): boolean =>
  responseStatus === 200 && transferSize > 0 && name.startsWith(`${location.origin}/`);

/**
 * Reads Resource Timing of what the page loads anyway. Observed, not looked up: of the entries that can be looked up, a
 * page with many resources lacks the latest.
 *
 * Where the browser tells no statuses, and where a service worker answers all, the site is never seen to answer.
 */
export function createSiteWitness(): SiteWitness {
  let observer: PerformanceObserver | undefined;
  let hasSeen = false;

  function look(entries: PerformanceEntryList): void {
    hasSeen ||= (entries as PerformanceResourceTiming[]).some(isAnswer);
    if (hasSeen) observer?.disconnect();
  }

  function observe(): PerformanceObserver {
    const started = new PerformanceObserver((list) => look(list.getEntries()));
    started.observe({ type: 'resource' });
    return started;
  }

  return {
    hasAnswered() {
      if (observer) look(observer.takeRecords());
      else observer = attempt(observe); // missing in some browsers, or hidden
      return hasSeen;
    },
    forget() {
      observer?.disconnect();
      observer = undefined;
      hasSeen = false;
    },
  };
}
