import type { Plan, Tracker } from '@org/track-core';
import { type Context, createContext, createElement, type ReactElement, type ReactNode } from 'react';

type PageTracker = Tracker<Plan, 'browser'>;

export const TrackContext: Context<PageTracker | undefined> = /* @__PURE__ */ createContext<PageTracker | undefined>(
  undefined,
);

export interface TrackProviderProps<P extends Plan> {
  /**
   * The page's one tracker. Make it in a module, beside no component: what React renders twice would make it twice. On a
   * server it is inert.
   */
  readonly tracker: Tracker<P, 'browser'>;
  readonly children?: ReactNode;
}

/** Hands the tracker to all components inside. It starts and stops nothing: mounting it twice counts nothing twice. */
export function TrackProvider<P extends Plan>({ tracker, children }: TrackProviderProps<P>): ReactElement {
  return createElement(TrackContext.Provider, { value: tracker as unknown as PageTracker }, children);
}
