import type { Hands, Key } from '../engine.ts';

/** What one device does, as WebDriver spells it. https://www.w3.org/TR/webdriver2/#actions */
export interface DeviceActions {
  readonly type: 'key' | 'pointer' | 'wheel';
  readonly id: string;
  readonly actions: readonly object[];
}

/** The middle of the window, where nothing better is known. */
const middle = { x: 400, y: 300 };

/** Hands for drivers that take WebDriver's actions, classic and BiDi. */
export function handsOf(perform: (devices: readonly DeviceActions[]) => Promise<void>): Hands {
  const keys = (values: readonly string[]): Promise<void> =>
    perform([
      {
        type: 'key',
        id: 'keyboard',
        actions: values.flatMap((value) => [
          { type: 'keyDown', value },
          { type: 'keyUp', value },
        ]),
      },
    ]);

  return {
    click(x, y, { count = 1, button = 'left' } = {}) {
      const which = { button: button === 'left' ? 0 : 1 };
      const press = [
        { type: 'pointerDown', ...which },
        { type: 'pointerUp', ...which },
      ];
      const actions = [
        { type: 'pointerMove', x: Math.round(x), y: Math.round(y), duration: 0 },
        ...Array<typeof press>(count).fill(press).flat(),
      ];
      return perform([{ type: 'pointer', id: 'mouse', actions }]);
    },
    wheel: (deltaY) =>
      perform([
        { type: 'wheel', id: 'wheel', actions: [{ type: 'scroll', ...middle, deltaX: 0, deltaY, duration: 0 }] },
      ]),
    type: (text) => keys([...text]),
    press: (key) => keys([codes[key]]),
  };
}

/** https://www.w3.org/TR/webdriver2/#keyboard-actions */
const codes: Readonly<Record<Key, string>> = {
  Enter: '\uE007',
  Tab: '\uE004',
  PageDown: '\uE00F',
};
