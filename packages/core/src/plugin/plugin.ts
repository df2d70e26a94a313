import type { TrackEvent } from '../event/event.ts';
import type { Tracker } from '../tracker.ts';

/**
 * Sees each event before it is queued: return it, or a changed copy, to keep it; `null` to drop it, which is counted as
 * dropped under the plugin's name.
 */
export interface Plugin {
  readonly name: string;
  /** Starts listening; returns what undoes it. Capture plugins live here. */
  setup?(tracker: Tracker): () => void;
  process?(event: TrackEvent): TrackEvent | null;
  /** No function, which has a name too: `plugins: [redaction]`, without the brackets behind it, would do nothing. */
  readonly [Symbol.hasInstance]?: never;
}
