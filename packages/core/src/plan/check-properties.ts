import type { EventSource, TrackEvent } from '../event/event.ts';
import type { Issue } from '../event/result.ts';
import { type Plan, plannedEvent } from './plan.ts';
import type { StandardIssue } from './standard-schema.ts';

/** Issues are for people: after this many the rest is not told. */
const maxIssues = 10;

/**
 * What `plan` has to say against `event`; nothing if it is as planned, or no `track` call. Whoever asks decides whether
 * that blocks or warns.
 *
 * Codes: `unplanned-event`; `server-only` and `browser-only` if `source` may not send it; `plan` where the event's
 * schema found an issue, with the schema's message; `schema-failed` if the schema threw, `schema-async` if it answered
 * with a promise. An event cannot wait for its schema, and a promise shows only when a schema is run.
 *
 * It never throws, and the event stays as it is: what a schema transforms or adds is not taken over.
 */
export function checkProperties(plan: Plan, event: TrackEvent, source: EventSource): readonly Issue[] {
  if (event.type !== 'track') return [];
  const planned = plannedEvent(plan, event.event);
  if (planned === undefined) return [{ path: 'event', code: 'unplanned-event' }];
  if (planned.source !== undefined && planned.source !== source) {
    return [{ path: 'event', code: planned.source === 'server' ? 'server-only' : 'browser-only' }];
  }
  if (planned.properties === undefined) return [];
  try {
    const result = planned.properties['~standard'].validate(event.properties ?? {});
    if ('then' in result) {
      result.then(undefined, () => undefined); // or its rejection would be the host's
      return [{ path: 'properties', code: 'schema-async' }];
    }
    return (result.issues ?? []).slice(0, maxIssues).map(toIssue);
  } catch {
    return [{ path: 'properties', code: 'schema-failed' }];
  }
}

function toIssue({ path = [], message }: StandardIssue): Issue {
  const keys = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  return { path: ['properties', ...keys].join('.'), code: 'plan', message };
}
