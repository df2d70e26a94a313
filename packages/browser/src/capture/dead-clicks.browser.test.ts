import type { Tracker } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { deadClicks } from './dead-clicks.ts';

const home = location.href;

let tracked: unknown[][];
let stop: () => void;
let staying: AbortController;
/** When all that happens does: a busy machine clicks and draws late, and for a click that is not the same. */
let elapsedMs: number;

beforeEach(() => {
  // Else the first click would wake the frame that tests run in.
  window.focus();
  tracked = [];
  staying = new AbortController();
  elapsedMs = 10_000;
  vi.spyOn(performance, 'now').mockImplementation(() => elapsedMs);
  vi.spyOn(Event.prototype, 'timeStamp', 'get').mockImplementation(() => elapsedMs);
  const tracker = { track: (...call: unknown[]) => tracked.push(JSON.parse(JSON.stringify(call))) };
  stop = deadClicks().setup?.(tracker as unknown as Tracker) ?? (() => {});
  // Time passes when the tests say so; what browsers do takes the time it takes.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  stop();
  staying.abort();
  vi.useRealTimers();
  vi.restoreAllMocks();
  history.replaceState(null, '', home);
  document.body.innerHTML = '';
  scrollTo(0, 0);
});

const find = (selector: string, root: ParentNode = document): HTMLElement =>
  root.querySelector(selector) as HTMLElement;

const drawn = async (): Promise<void> => {
  for (let frame = 0; frame < 3; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
};

/** Waits as long as the page may take to answer. */
async function wait(): Promise<void> {
  await drawn();
  await vi.advanceTimersByTimeAsync(2_500);
}

/** Forms and links lead to no other page. */
function stay(): void {
  const { signal } = staying;
  addEventListener('submit', (event) => event.preventDefault(), { signal });
  addEventListener(
    'click',
    (event) => {
      if ((event.target as Element).closest('a:not([href^="#"]), a[download]')) event.preventDefault();
    },
    { signal },
  );
}

interface Row {
  readonly why: string;
  readonly html: string;
  /** What the page does when it is clicked. */
  readonly onClick?: (event: Event) => void;
  /** What the person does. Default: a click on `[here]`. */
  readonly act?: () => Promise<void>;
}

const click = (): Promise<void> => userEvent.click(find('[here]'));

async function live({ html, onClick, act = click }: Row): Promise<void> {
  document.body.innerHTML = html;
  elapsedMs += 10_000;
  if (onClick) find('[here]').addEventListener('click', onClick);
  await drawn();
  await act();
  await wait();
}

const dead = '<button here>Buy</button>';

describe('dead', () => {
  test.each<Row>([
    { why: 'a button that does nothing', html: dead },
    { why: 'a button that only listens', html: dead, onClick: () => {} },
    { why: 'what is in it', html: '<button><b here>Buy</b></button>' },
    { why: 'what says that it is a button', html: '<div role="button" here>Buy</div>' },
    { why: 'what looks as if', html: '<div style="cursor: pointer"><p here>Buy</p></div>' },
    { why: 'a link to nowhere', html: '<a href="javascript:void(0)" here>Buy</a>' },
    {
      why: 'a link that its page holds up',
      html: '<a href="#" here>Buy</a>',
      onClick: (event) => event.preventDefault(),
    },
    { why: 'a button for the keys of a form that has none', html: '<button type="button" here>Buy</button>' },
    {
      why: 'a clock that ticks is no answer, if it is to be ignored',
      html: `${dead}<p data-track-ignore><b id="clock">1</b></p>`,
      onClick() {
        find('#clock').textContent = '2';
        (find('#clock').firstChild as Text).data = '3';
      },
    },
    {
      why: 'a person who scrolls on',
      html: `${dead}<p style="height: 4000px"></p>`,
      async act() {
        await click();
        elapsedMs += 200;
        scrollTo(0, 500);
      },
    },
  ])('$why', async (row) => {
    await live(row);
    expect(tracked).toMatchObject([['Dead Clicked', {}]]);
  });

  test('it says on what, not what is in it', async () => {
    await live({
      why: '',
      html: '<form id="checkout"><button type="button" data-track="x" title="Ann" here>Ann</button></form>',
    });
    expect(tracked).toEqual([
      ['Dead Clicked', { element: 'button', element_name: 'x', element_path: 'form#checkout > button' }],
    ]);
  });
});

describe('it answers', () => {
  test.each<Row>([
    { why: 'with more of the page', html: dead, onClick: () => document.body.append('More') },
    { why: 'with an attribute', html: dead, onClick: () => find('button').setAttribute('aria-expanded', 'true') },
    { why: 'with a text', html: dead, onClick: () => ((find('button').firstChild as Text).data = 'Bought') },
    {
      why: 'in the last moment',
      html: dead,
      onClick: () => void setTimeout(() => document.body.append('More'), 2_400),
    },
    {
      why: 'when it is pressed, before the click',
      html: dead,
      async act() {
        find('button').addEventListener('pointerdown', () => document.body.append('More'));
        await click();
      },
    },
    { why: 'with another address', html: dead, onClick: () => history.pushState(null, '', '?bought') },
    { why: 'with a place on the page', html: '<a href="#here" here>Down</a>' },
    { why: 'with a scroll', html: `${dead}<p style="height: 4000px"></p>`, onClick: () => scrollTo(0, 500) },
    { why: 'with a selection', html: `${dead}<p>All</p>`, onClick: () => getSelection()?.selectAllChildren(find('p')) },
    { why: 'with the focus elsewhere', html: `${dead}<input>`, onClick: () => find('input').focus() },
    {
      why: 'with the focus in a frame',
      html: `${dead}<iframe srcdoc="<input>"></iframe>`,
      onClick: () => (find('iframe') as HTMLIFrameElement).contentWindow?.focus(),
    },
    {
      why: 'with a copy',
      html: `${dead}<p>All</p>`,
      onClick: () => document.dispatchEvent(new Event('copy', { bubbles: true })),
    },
    { why: 'with a form that is sent', html: '<form><button here>Send</button></form>' },
    {
      why: 'with a form that is not filled in',
      html: '<form><input required hidden><button here>Send</button></form>',
    },
    { why: 'by opening', html: '<details><summary here>More</summary>All</details>' },
    {
      why: 'with a layer above the page',
      html: '<button popovertarget="p" here>More</button><p id="p" popover>All</p>',
    },
    { why: 'with a tick', html: '<input type="checkbox" here>' },
    { why: 'with another label’s tick', html: '<label for="t" here>Yes</label><input type="checkbox" id="t">' },
    { why: 'as the page goes away', html: dead, onClick: () => dispatchEvent(new Event('pagehide')) },
  ])('$why', async (row) => {
    stay();
    await live(row);
    expect(tracked).toEqual([]);
  });

  test('in the shadow tree that was clicked', async () => {
    document.body.innerHTML = '<section></section>';
    const tree = find('section').attachShadow({ mode: 'open' });
    tree.innerHTML = '<button>Buy</button><b></b>';
    await userEvent.click(find('button', tree));
    await wait();
    expect(tracked).toHaveLength(1);
    find('button', tree).addEventListener('click', () => find('b', tree).append('Bought'));
    await userEvent.click(find('button', tree));
    await wait();
    expect(tracked).toHaveLength(1);
  });
});

describe('no answer is owed', () => {
  test.each<Row>([
    { why: 'by text', html: '<p here>Buy</p>' },
    { why: 'by a text field', html: '<input here>' },
    { why: 'by what is written in', html: '<p contenteditable style="cursor: pointer" here>Buy</p>' },
    { why: 'by a choice', html: '<select here><option>Buy</select>' },
    { why: 'by what was chosen before', html: '<input type="radio" checked here>' },
    { why: 'by its label', html: '<label here>Yes<input type="radio" checked></label>' },
    { why: 'by a drawing', html: '<canvas style="cursor: pointer" here></canvas>' },
    { why: 'by the tab that is open', html: '<div role="tab" aria-selected="true" here>One</div>' },
    { why: 'by the page one is on', html: '<button aria-current="page" here>One</button>' },
    {
      why: 'by what says that it is off',
      html: '<div role="button" aria-disabled="true" here>Buy</div>',
      act: () => userEvent.click(find('[here]'), { force: true }),
    },
    { why: 'by a link, which may take its time', html: '<a href="/slow" here>There</a>' },
    { why: 'by what is in a link', html: '<a href="/slow"><b here>There</b></a>' },
    { why: 'by an address for mail', html: '<a href="mailto:ann@example.com" here>Mail</a>' },
    { why: 'by a download', html: '<a href="#" download here>File</a>' },
    { why: 'by what is to be ignored', html: `<p data-track-ignore>${dead}</p>` },
    { why: 'with a modifier key', html: dead, act: () => userEvent.click(find('[here]'), { modifiers: ['Shift'] }) },
    { why: 'to another button', html: dead, act: () => userEvent.click(find('[here]'), { button: 'right' }) },
    {
      why: 'to a key',
      html: dead,
      async act() {
        find('button').focus();
        await userEvent.keyboard('{Enter}');
      },
    },
    { why: 'to a script', html: dead, act: async () => find('button').click() },
    {
      why: 'to a click that brings the window back',
      html: dead,
      async act() {
        dispatchEvent(new Event('focus'));
        await click();
      },
    },
    {
      why: 'to a key after such a press',
      html: `${dead}<p id="drop">Here</p>`,
      async act() {
        await userEvent.dragAndDrop(find('[here]'), find('#drop'));
        find('button').focus();
        await userEvent.keyboard('{Enter}');
      },
    },
    {
      why: 'to a press that ends elsewhere',
      html: `${dead}<p id="drop">Here</p>`,
      act: () => userEvent.dragAndDrop(find('[here]'), find('#drop')),
    },
  ])('$why', async (row) => {
    stay();
    await live(row);
    expect(tracked).toEqual([]);
  });
});

describe('several clicks', () => {
  test('on one thing are one, until the first had its time', async () => {
    document.body.innerHTML = dead;
    await userEvent.tripleClick(find('button'));
    await vi.advanceTimersByTimeAsync(2_000);
    await click();
    await vi.advanceTimersByTimeAsync(500);
    expect(tracked).toHaveLength(1);
    await wait();
    expect(tracked).toHaveLength(1);
    await click();
    await wait();
    expect(tracked).toHaveLength(2);
  });

  test('on two things: the first may have been answered by the second', async () => {
    document.body.innerHTML = `${dead}<button id="sell">Sell</button>`;
    await click();
    await userEvent.click(find('#sell'));
    await wait();
    expect(tracked).toMatchObject([['Dead Clicked', { element_id: 'sell' }]]);
  });
});

describe('it costs nothing while nothing is clicked', () => {
  test('observers are there from the press to the answer', async () => {
    const observed = vi.spyOn(MutationObserver.prototype, 'observe');
    const disconnected = vi.spyOn(MutationObserver.prototype, 'disconnect');
    document.body.innerHTML = dead;
    expect(observed).not.toHaveBeenCalled();
    await click();
    expect([observed.mock.calls.length, disconnected.mock.calls.length]).toEqual([1, 0]);
    document.body.append('More');
    await drawn();
    expect([observed.mock.calls.length, disconnected.mock.calls.length]).toEqual([1, 1]);
    expect(vi.getTimerCount()).toBe(0);
    document.body.append('And more');
    await wait();
    expect(disconnected).toHaveBeenCalledTimes(1);
  });

  test('a press that ends elsewhere is not watched for ever', async () => {
    const disconnected = vi.spyOn(MutationObserver.prototype, 'disconnect');
    document.body.innerHTML = `${dead}<p id="drop">Here</p>`;
    await userEvent.dragAndDrop(find('[here]'), find('#drop'));
    expect(disconnected).not.toHaveBeenCalled();
    await wait();
    expect(disconnected).toHaveBeenCalledTimes(1);
  });

  test('styles are asked for when the verdict is due, not at the click', async () => {
    const styles = vi.spyOn(window, 'getComputedStyle');
    document.body.innerHTML = '<p style="cursor: pointer" here>Buy</p>';
    await click();
    const asked = styles.mock.calls.length;
    await wait();
    expect(styles.mock.calls.length - asked).toBe(1);
    expect(tracked).toHaveLength(1);
  });

  test('once stopped it waits for nothing', async () => {
    document.body.innerHTML = dead;
    await click();
    stop();
    expect(vi.getTimerCount()).toBe(0);
    await wait();
    await click();
    await wait();
    expect(tracked).toEqual([]);
  });
});
