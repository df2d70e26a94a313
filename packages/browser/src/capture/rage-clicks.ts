import type { Plugin } from '@org/track-core';
import { capturePlugin } from './capture-plugin.ts';
import { describeElement, isForEditing, pressableIn } from './describe-element.ts';
import { listenToElements } from './listen-to-elements.ts';

/** Three clicks so close together, in milliseconds and CSS pixels, are more than it takes to be understood. */
const withinMs = 1_000;
const withinPx = 30;

interface Click {
  readonly region: Element;
  /** Milliseconds of the clock that never jumps. */
  readonly at: number;
  readonly x: number;
  readonly y: number;
}

/**
 * Records `Rage Clicked` when somebody clicks at least three times within a second and 30 pixels on the same thing: once
 * for each burst, however long it goes on. Says which element it was, by tag, id, role and place; never what is in it.
 *
 * Not counted: text fields and players, where people click often; three clicks that select text; keys, labels, and clicks
 * made by scripts; and what is inside `data-track-ignore`: put it on steppers and games.
 */
export function rageClicks(): Plugin {
  return capturePlugin('rageClicks', (tracker, signal) => {
    let recent: readonly Click[] = [];
    let isTold = false;

    const onClick = (elements: readonly Element[], click: MouseEvent): void => {
      const [target] = elements;
      // Keys and scripts click without a hand.
      if (!target || click.detail === 0 || isForEditing(target)) return;
      const pressable = pressableIn(elements);
      // The lines of a drawing are one thing to whoever clicks on it.
      const region = pressable ?? (target as Partial<SVGElement>).ownerSVGElement ?? target;
      const now: Click = { region, at: click.timeStamp, x: click.clientX, y: click.clientY };
      const [first, last = first] = recent;
      if (!last || !isNear(last, now)) {
        recent = [now];
        isTold = false;
        return;
      }
      recent = [last, now];
      if (isTold || !first || first === last || !isNear(first, now)) return;
      // Three clicks on a paragraph select it; on a picture, Chromium selects what is next to it.
      if (!pressable && target.textContent?.trim() && getSelection()?.isCollapsed === false) return;
      isTold = true;
      tracker.track('Rage Clicked', describeElement(now.region, elements));
    };
    listenToElements('click', onClick, signal);
  });
}

function isNear(one: Click, next: Click): boolean {
  const distancePx = Math.hypot(next.x - one.x, next.y - one.y);
  return next.region === one.region && next.at - one.at <= withinMs && distancePx <= withinPx;
}
