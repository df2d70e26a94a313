import type { TrackEvent } from '../event/event.ts';
import { type OnDiagnostic, report } from '../runtime/diagnostics.ts';
import type { Tracker } from '../tracker.ts';
import type { Plugin } from './plugin.ts';

/** Passes the event through each plugin in turn. A plugin that throws is passed over: its fault costs no event. */
export function runPlugins(
  plugins: readonly Plugin[],
  event: TrackEvent,
  onDiagnostic: OnDiagnostic | undefined,
): TrackEvent | null {
  let kept: TrackEvent | null = event;
  for (const plugin of plugins) {
    if (kept === null) break;
    try {
      if (plugin.process) kept = plugin.process(kept);
    } catch (error) {
      report(onDiagnostic, 'plugin-failed', `Plugin ${plugin.name} failed on an event: ${error}`);
    }
  }
  return kept;
}

/** Starts the plugins; returns what stops them, last one first. */
export function setUpPlugins(
  plugins: readonly Plugin[],
  tracker: Tracker,
  onDiagnostic: OnDiagnostic | undefined,
): () => void {
  const undo: (() => void)[] = [];
  const guarded = (name: string, task: () => void): void => {
    try {
      task();
    } catch (error) {
      report(onDiagnostic, 'plugin-failed', `Plugin ${name} failed: ${error}`);
    }
  };
  for (const plugin of plugins) {
    guarded(plugin.name, () => {
      const stop = plugin.setup?.(tracker);
      if (stop) undo.unshift(() => guarded(plugin.name, stop));
    });
  }
  return () => {
    for (const stop of undo) stop();
  };
}
