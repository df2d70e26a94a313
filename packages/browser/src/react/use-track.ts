import type { AnyPlan, Plan, Receipt, Tracker } from '@org/track-core';
import { useContext } from 'react';
import { isDevelopment } from '../runtime/is-development.ts';
import { TrackContext } from './track-provider.ts';

/** What becomes of calls without a tracker. */
function drop(): Receipt {
  const no = Promise.resolve(false);
  return {
    ...{ messageId: '', queued: no, durable: no },
    delivered: Promise.resolve({ kind: 'dropped', reason: 'no-provider' }),
  };
}

/**
 * The `track` of the page's tracker, the same function in every render: call it in handlers and effects.
 *
 * Without a `<TrackProvider>` around it throws while the page is written; for visitors it drops what is tracked
 * (`no-provider`).
 *
 * @typeParam P - the plan. Say it once: `export const usePlanned = useTrack<typeof plan>;`
 * @example
 * const track = useTrack();
 * <button onClick={() => track('Product Added', { product_id: id })}>Add</button>
 */
export function useTrack<P extends Plan = AnyPlan>(): Tracker<P, 'browser'>['track'] {
  const tracker = useContext(TrackContext);
  if (!tracker && isDevelopment)
    throw new Error('useTrack: there is no <TrackProvider tracker={…}> around this component');
  return (tracker?.track ?? drop) as Tracker<P, 'browser'>['track'];
}
