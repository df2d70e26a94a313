import type { TrackEvent } from '../event/event.ts';
import { attempt } from '../runtime/attempt.ts';
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

  const guarded = <V>({ name }: Plugin, task: () => V): V | undefined =>
    attempt(task, (error) => void report(onDiagnostic, 'plugin-failed', name, error));

  return {
    setUp(tracker) {
      for (const plugin of plugins) {
        const stop = guarded(plugin, () => plugin.setup?.(tracker));
        if (stop) undo.unshift(() => guarded(plugin, stop));
      }
    },
    process(event) {
      let kept = event;
      for (const plugin of plugins) {
        const answer = guarded(plugin, () => plugin.process?.(kept));
        if (answer === null) return answer;
        kept = answer ?? kept;
      }
      return kept;
    },
    tearDown() {
      for (const stop of undo) stop();
      undo = [];
    },
  };
}
