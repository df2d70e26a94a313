import type { TrackEvent } from '../event/event.ts';
import { type OnDiagnostic, report } from '../runtime/diagnostics.ts';
import type { Tracker } from '../tracker.ts';
import type { Plugin } from './plugin.ts';

/** Plugins that cannot hurt: what one of them throws is reported, and it is passed over. */
export interface Plugins {
  /** Starts them. */
  setUp(tracker: Tracker): void;
  /** Passes the event through each in turn; null if one dropped it. */
  process(event: TrackEvent): TrackEvent | null;
  /** Stops them, last one first. */
  tearDown(): void;
}

export function guardPlugins(plugins: readonly Plugin[], onDiagnostic: OnDiagnostic | undefined): Plugins {
  let undo: (() => void)[] = [];

  function guarded<V>(name: string, task: () => V): V | undefined {
    try {
      return task();
    } catch (error) {
      report(onDiagnostic, 'plugin-failed', `${name}: ${error}`);
      return undefined;
    }
  }

  return {
    setUp(tracker) {
      for (const plugin of plugins) {
        const stop = guarded(plugin.name, () => plugin.setup?.(tracker));
        if (stop) undo.unshift(() => guarded(plugin.name, stop));
      }
    },
    process(event) {
      let kept: TrackEvent | null = event;
      for (const plugin of plugins) {
        const seen: TrackEvent = kept;
        const answer: TrackEvent | null | undefined = guarded(plugin.name, () => plugin.process?.(seen));
        if (answer === null) return null;
        kept = answer ?? seen;
      }
      return kept;
    },
    tearDown() {
      for (const stop of undo) stop();
      undo = [];
    },
  };
}
