import {
  type Clock,
  type Ids,
  isServedPage,
  type OnDiagnostic,
  pageServed,
  type Queue,
  report,
  type TrackEvent,
  utf8Length,
} from '@org/track-core';
import type { ServerTracker } from '../identity/request-tracker.ts';
import { name, version } from '../version.ts';

export interface ServedParts {
  readonly queue: Queue;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Why nothing more is taken, as a named loss; nothing where it is. */
  readonly refusal: () => string | undefined;
  readonly onDiagnostic: OnDiagnostic | undefined;
}

/** A tracker's `served`: past identity, consent and plugins, which are all about people; the books know it like any other. */
export function createServed({ queue, clock, ids, refusal, onDiagnostic }: ServedParts): ServerTracker['served'] {
  return ({ path, ...properties }) => {
    const now = clock.now();
    const event: TrackEvent = {
      type: 'track',
      event: pageServed,
      messageId: ids.time(),
      timestamp: new Date(now).toISOString(),
      context: { library: { name, version }, ...(path === undefined ? {} : { page: { path } }) },
      properties: { ...properties },
    };
    if (!isServedPage(event)) {
      report(onDiagnostic, 'no-served-page', properties.page_view_id);
      return undefined;
    }
    queue.accept(1);
    const reason = refusal();
    if (reason !== undefined) {
      report(onDiagnostic, reason, pageServed);
      queue.refuse(event.messageId, reason);
      return undefined;
    }
    const value = JSON.stringify(event);
    void queue.add({
      id: event.messageId,
      value,
      bytes: utf8Length(value),
      purpose: 'necessary',
      queuedAt: now,
    });
    return event;
  };
}
