import type { ConsentPreferences, Plugin, TrackEvent } from '@org/track-core';
import { isDevelopment } from '../runtime/is-development.ts';
import { checkNumber } from './check-number.ts';

export interface SamplingOptions {
  /** Which share of the visits is kept, from 0 to 1. What a raised share keeps includes what the lower one kept. */
  readonly share: number;
  /** Tells what is kept whatever the share. Default: nothing but what always is. */
  readonly keep?: (event: TrackEvent) => boolean;
}

/**
 * Keeps a share of the visits, each of them whole, and drops the events of the others, counted as `sampling`. The session
 * id decides, where there is none the anonymous id, so every page and tab of a visit decides alike.
 *
 * What is kept says so in `context.sampling.share`: divide by it to count. Never dropped, and without a share, are events
 * of the purpose `necessary`; `identify`, `group` and `alias`, which later visits build on; and what `keep` asks for. A
 * page that lists `necessary` among the answers it gives to `consent.set` makes all its events necessary.
 *
 * A share that is no number from 0 to 1 throws in development; visitors get a tracker that keeps everything.
 */
export function sampling({ share, keep }: SamplingOptions): Plugin {
  if (isDevelopment) checkNumber('sampling: share', share, 0, 1);
  return {
    name: 'sampling',
    process(event) {
      const { type, context, anonymousId, userId } = event;
      // Said of an event only if that is its purpose.
      const { necessary } = (context?.consent?.categoryPreferences ?? {}) as ConsentPreferences & {
        necessary?: boolean;
      };
      if (necessary || !/^(track|page|screen)$/.test(type) || keep?.(event)) return event;
      if (placeOf(context?.session?.id ?? anonymousId ?? userId ?? '') >= share) return null;
      return { ...event, context: { ...context, sampling: { share } } };
    },
  };
}

/** The same place in [0, 1) for the same id, and any place as likely: FNV-1a, whose high bits are mixed once more. */
function placeOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
