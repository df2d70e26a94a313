import type { Tracker } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { autocapture } from './autocapture.ts';
import { clicks } from './clicks.ts';
import { rageClicks } from './rage-clicks.ts';

let tracked: (readonly [event: string, element?: string | undefined])[];
let stops: (() => void)[];

beforeEach(() => {
  tracked = [];
  const tracker = { track: (event: string, { element }: { element?: string }) => tracked.push([event, element]) };
  stops = [clicks(), autocapture(), rageClicks()].map(
    (plugin) => plugin.setup?.(tracker as unknown as Tracker) ?? (() => {}),
  );
});

afterEach(() => {
  for (const stop of stops) stop();
  vi.restoreAllMocks();
  document.body.innerHTML = '';
});

const find = (selector: string, root: ParentNode = document): HTMLElement =>
  root.querySelector(selector) as HTMLElement;

describe('a click is one event', () => {
  test.each<{ why: string; html: string; expected: unknown[] }>([
    { why: 'on a button', html: '<button><b here>Buy</b></button>', expected: [['Element Clicked', 'button']] },
    {
      why: 'on a tagged one',
      html: '<button data-track="Added"><b here>Buy</b></button>',
      expected: [['Added', undefined]],
    },
    {
      why: 'on a label, which clicks on its field',
      html: '<label><b here>Yes</b><input type="checkbox"></label>',
      expected: [['Element Clicked', 'input']],
    },
    {
      why: 'on a label whose field is elsewhere',
      html: '<label for="f"><b here>Yes</b></label><input type="checkbox" id="f">',
      expected: [['Element Clicked', 'input']],
    },
    {
      why: 'on a tagged label, which its field’s click goes through as well',
      html: '<label data-track="Agreed"><b here>Yes</b><input type="checkbox"></label>',
      expected: [['Agreed', undefined]],
    },
    {
      why: 'on the field in a tagged label',
      html: '<label data-track="Agreed">Yes<input type="checkbox" here></label>',
      expected: [['Agreed', undefined]],
    },
    {
      why: 'on a tagged link in a label, which clicks on no field',
      html: '<label><input type="checkbox"> I accept the <a data-track="Terms Opened" href="#terms"><b here>terms</b></a></label>',
      expected: [['Terms Opened', undefined]],
    },
    {
      why: 'on a tagged button in a label',
      html: '<label>Code <input type="text"> <button type="button" data-track="Help Opened" here>?</button></label>',
      expected: [['Help Opened', undefined]],
    },
    {
      why: 'on a link in a tagged label',
      html: '<label data-track="Agreed"><input type="checkbox"> I accept the <a href="#terms" here>terms</a></label>',
      expected: [['Agreed', undefined]],
    },
    {
      why: 'on a link without an address, which hands the click on',
      html: '<label data-track="Agreed"><input type="checkbox"> I accept the <a here>terms</a></label>',
      expected: [['Agreed', undefined]],
    },
    {
      why: 'on a tagged label whose field is off',
      html: '<label data-track="Agreed"><b here>Yes</b><input type="checkbox" disabled></label>',
      expected: [['Agreed', undefined]],
    },
  ])('$why', async ({ html, expected }) => {
    document.body.innerHTML = html;
    // Also where the field is off, which is no reason not to click on its label.
    await userEvent.click(find('[here]'), { force: true });
    expect(tracked).toEqual(expected);
  });

  test('in an open shadow tree', async () => {
    document.body.innerHTML = '<section></section>';
    find('section').attachShadow({ mode: 'open' }).innerHTML = '<button><slot></slot>Buy</button>';
    await userEvent.click(find('button', find('section').shadowRoot as ShadowRoot));
    expect(tracked).toEqual([['Element Clicked', 'button']]);
  });

  test('a key clicks too', async () => {
    document.body.innerHTML = '<button>Buy</button>';
    find('button').focus();
    await userEvent.keyboard('{Enter}');
    expect(tracked).toEqual([['Element Clicked', 'button']]);
  });
});

describe('three quick clicks', () => {
  const rages = (): unknown[] => tracked.filter(([event]) => event === 'Rage Clicked');

  test.each<{ why: string; html: string; expected: unknown[] }>([
    { why: 'on a button', html: '<button here>Buy</button>', expected: [['Rage Clicked', 'button']] },
    { why: 'on a picture', html: '<p here style="width: 40px; height: 40px"></p>', expected: [['Rage Clicked', 'p']] },
    { why: 'on a paragraph select it', html: '<p here>Some words to select</p>', expected: [] },
    { why: 'on a label are choices', html: '<label here>Yes<input type="checkbox"></label>', expected: [] },
    { why: 'in a text field select what it holds', html: '<input value="Ann" here>', expected: [] },
    { why: 'on what is to be ignored', html: '<button data-track-ignore here>+</button>', expected: [] },
  ])('$why', async ({ html, expected }) => {
    document.body.innerHTML = html;
    // Within a second, however long the machine takes for it.
    vi.spyOn(Event.prototype, 'timeStamp', 'get').mockReturnValue(performance.now());
    await userEvent.tripleClick(find('[here]'));
    expect(rages()).toEqual(expected);
  });

  test('a key that is held is no rage', async () => {
    document.body.innerHTML = '<button>Buy</button>';
    find('button').focus();
    await userEvent.keyboard('{Enter}{Enter}{Enter}{Enter}');
    expect(tracked).toHaveLength(4);
    expect(rages()).toEqual([]);
  });
});
