import {
  type AnyPlan,
  type ConsentPreferences,
  checkProperties,
  createMemoryOutbox,
  type Diagnostic,
  type Issue,
  isServedPage,
  type Outbox,
  type Plan,
  type Plugin,
  type TrackEvent,
} from '@org/track-core';
import { createTracker } from '../create-node-tracker.ts';
import type { IdentityOptions } from '../identity/identity-cookie.ts';
import type { ServerTracker } from '../identity/request-tracker.ts';

export interface TestTrackerOptions<P extends Plan = AnyPlan> {
  /** Each event is judged by it: see `issues`. */
  readonly plan?: P;
  /** Consent where neither a request nor a scope says anything. Default: yes to all. */
  readonly consent?: ConsentPreferences;
  readonly plugins?: readonly Plugin[];
  readonly identity?: IdentityOptions;
}

/** A real tracker whose far end is a list. */
export interface TestTracker<P extends Plan = AnyPlan> extends ServerTracker<P> {
  /** What was tracked and let through, oldest first, at once: there is nothing to wait for. */
  readonly events: readonly TrackEvent[];
  /** What the plan has against events that were let through. */
  readonly issues: readonly { readonly event: TrackEvent; readonly issues: readonly Issue[] }[];
  /** What the host would have been told: `no-identity`, `consent` … */
  readonly diagnostics: readonly Diagnostic[];
  /** Empties the lists. */
  clear(): void;
}

/**
 * A tracker for tests of code that tracks: consent, identity, requests and plugins work as they do in earnest, and nothing
 * is sent. Use it where your code takes a tracker.
 */
export function createTestTracker<P extends Plan = AnyPlan>(options: TestTrackerOptions<P> = {}): TestTracker<P> {
  const { plan, consent = { functional: true, analytics: true, advertising: true } } = options;
  const events: TrackEvent[] = [];
  const issues: { event: TrackEvent; issues: readonly Issue[] }[] = [];
  const diagnostics: Diagnostic[] = [];
  const outbox = createMemoryOutbox();
  // Where events arrive that nothing held back, neither a plugin nor their size.
  const recorder: Outbox = {
    ...outbox,
    add(entry) {
      const event = JSON.parse(entry.value) as TrackEvent; // as it travels
      events.push(event);
      const found = plan === undefined || isServedPage(event) ? [] : checkProperties(plan, event, 'server');
      if (found.length > 0) issues.push({ event, issues: found });
      return outbox.add(entry);
    },
  };
  const tracker = createTracker<P>({
    ...options,
    consent,
    endpoint: 'https://collector.invalid/api/j',
    writeKey: 'test',
    outbox: recorder,
    transport: { send: async () => ({ kind: 'delivered' }) },
    onDiagnostic: (diagnostic) => void diagnostics.push(diagnostic),
  });
  return {
    ...tracker,
    ...{ events, issues, diagnostics },
    clear() {
      for (const list of [events, issues, diagnostics]) list.length = 0;
    },
  };
}
