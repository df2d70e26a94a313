import type { AnyPlan, EventName, Plan, PropertiesArgument } from '@org/track-core';
import { createElement, type HTMLAttributes, type ReactElement, useEffect, useRef } from 'react';
import { useTrack } from './use-track.ts';
import { watchSeen } from './watch-seen.ts';

/** The event, with the properties it asks for: each planned one has its own. */
type Planned<P extends Plan> = {
  [Name in EventName<P, 'browser'>]: PropertiesArgument<P, Name> extends [infer Properties, ...unknown[]]
    ? { readonly event: Name; readonly properties: Properties }
    : { readonly event: Name; readonly properties?: PropertiesArgument<P, Name>[0] };
}[EventName<P, 'browser'>];

export type ImpressionProps<P extends Plan = AnyPlan> = HTMLAttributes<HTMLElement> &
  Planned<P> & {
    /** The element that is rendered, and watched. Default `div`. Everything else goes to it. */
    readonly as?: keyof HTMLElementTagNameMap;
  };

/**
 * Records `event` when somebody has seen what is inside: half of it, or as much as fills half the window, for a second
 * without a break. Once for as long as it is mounted; another `event` counts anew, and in a list so does another `key`.
 *
 * The properties are those of the moment. On a server it renders its element.
 *
 * @typeParam P - the plan. Say it once: `export const Seen = Impression<typeof plan>;`
 * @example <Impression event="Product Viewed" properties={{ product_id: id }} as="li" className="card">…</Impression>
 */
export function Impression<P extends Plan = AnyPlan>(props: ImpressionProps<P>): ReactElement {
  const { event, properties, as = 'div', ...attributes } = props as ImpressionProps;
  const track = useTrack();
  const element = useRef<HTMLElement>(null);
  const seen = useRef<string>(undefined);
  const latest = useRef(properties);
  useEffect(() => {
    latest.current = properties;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another `as` is another element to watch
  useEffect(() => {
    // React takes effects back and does them again when it likes.
    if (seen.current === event || !element.current) return;
    return watchSeen(element.current, () => {
      seen.current = event;
      track(event, latest.current);
    });
  }, [event, track, as]);
  return createElement(as, { ...attributes, ref: element });
}
