import type { EventResult, EventStatus } from '@org/track-core';

/** What a sender is told of an event that was not simply stored: its status, and the verdict its queue can take as it is. */
export function eventResult(status: EventStatus, reason: string = status): EventResult {
  switch (status) {
    case 'duplicate':
      return { status, kind: 'delivered' }; // an event we have is what delivered means
    case 'invalid':
      return { status, kind: 'dead', reason };
    case 'consent_denied':
      return { status, kind: 'dropped', reason: 'consent' };
    case 'suppressed':
      return { status, kind: 'dropped', reason };
    case 'retry':
      return { status, kind: 'retry', reason };
  }
}
