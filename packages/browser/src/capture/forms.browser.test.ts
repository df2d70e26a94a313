import type { CallOptions, JsonObject, Tracker } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { forms } from './forms.ts';

let tracked: { event: string; properties: JsonObject; options: CallOptions | undefined }[];
let stop: () => void;

const home = location.href;
const tracker = {
  track(event: string, properties: JsonObject, options?: CallOptions) {
    // As JSON has it: without what is undefined.
    tracked.push({ event, properties: JSON.parse(JSON.stringify(properties)), options });
  },
} as unknown as Tracker;

beforeEach(() => {
  vi.useFakeTimers();
  history.replaceState(null, '', '/page');
  tracked = [];
  stop = forms().setup?.(tracker) ?? (() => {});
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
  document.body.innerHTML = '';
  history.replaceState(null, '', home);
});

const find = (selector: string): HTMLElement => document.querySelector(selector) as HTMLElement;
const names = (): string[] => tracked.map(({ event }) => event);

function input(selector: string): void {
  find(selector).dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));
}

function submit(selector = 'form'): void {
  find(selector).dispatchEvent(new SubmitEvent('submit', { bubbles: true, cancelable: true }));
}

const leave = (): boolean => dispatchEvent(new Event('pagehide'));

/** What is taken out of a page is gone a moment later. */
async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(100);
}

test('from the first change to the submission', () => {
  document.body.innerHTML = '<form id="signup"><input name="email"><input name="city"></form>';
  input('[name=email]');
  vi.advanceTimersByTime(1_500);
  input('[name=email]');
  input('[name=city]');
  submit();
  leave();
  expect(tracked).toMatchObject([
    { event: 'Form Started', properties: { form_id: 'signup', field: 'email' } },
    { event: 'Form Submitted', properties: { form_id: 'signup', fields_touched: 2, duration_ms: 1_500 } },
  ]);
});

test('a field may be called as what is asked of its form', () => {
  document.body.innerHTML = '<form id="bets"><input name="matches"></form>';
  input('[name=matches]');
  submit();
  leave();
  expect(names()).toEqual(['Form Started', 'Form Submitted']);
});

test('from the first change to leaving the page', () => {
  document.body.innerHTML = '<form id="signup"><input name="email"><input name="city"></form>';
  input('[name=city]');
  input('[name=email]');
  vi.advanceTimersByTime(700);
  leave();
  leave();
  expect(tracked).toMatchObject([
    { event: 'Form Started' },
    {
      event: 'Form Abandoned',
      properties: { form_id: 'signup', last_field: 'email', fields_touched: 2, duration_ms: 700 },
      options: { context: { page: { path: '/page' } } },
    },
  ]);
});

test('a form nobody changed is neither started nor abandoned', () => {
  document.body.innerHTML = '<form id="signup"><input name="email"></form>';
  find('[name=email]').dispatchEvent(new FocusEvent('focusin', { bubbles: true, composed: true }));
  leave();
  expect(tracked).toEqual([]);
});

test('it is told by what it says of itself', () => {
  const rows = [
    ['<form data-track-form="Newsletter" id="f1" name="n1"><input name="a"></form>', 'Newsletter'],
    ['<form id="f1" name="n1"><input name="a"></form>', 'f1'],
    ['<form name="n1"><input name="a"></form>', 'n1'],
    ['<form action="/subscribe?campaign=x#top"><input name="a"></form>', '/subscribe'],
    ['<form action="https://other.example.com/u/ada%40example.com"><input name="a"></form>', '/u/[redacted]'],
    ['<form><input name="a"></form>', '/page'],
    ['<form id="form-ada@example.com"><input name="a"></form>', '[redacted]'],
    ['<form id="f2"><input name="id"><input name="name"><input name="action"></form>', 'f2'],
  ];
  for (const [html = ''] of rows) {
    document.body.innerHTML = html;
    input('input');
  }
  const started = tracked.filter(({ event }) => event === 'Form Started');
  expect(started.map(({ properties }) => properties.form_id)).toEqual(rows.map(([, id]) => id));
});

test.each([
  { why: 'its name', html: '<input name="city" id="x">', field: 'city' },
  { why: 'its id', html: '<select id="country"></select>', field: 'country' },
  { why: 'what it is', html: '<textarea></textarea>', field: 'textarea' },
  { why: 'a name that is personal, masked', html: '<input name="note[ada@example.com]">', field: '[redacted]' },
  { why: 'an element of the page’s own', html: '<x-field name="rating"></x-field>', field: 'rating' },
])('a field is told by $why', ({ html, field }) => {
  document.body.innerHTML = `<form id="f">${html}</form>`;
  input('form > *');
  leave();
  expect(tracked).toMatchObject([{ properties: { field } }, { properties: { last_field: field } }]);
});

test('the choices of a group are one field', () => {
  document.body.innerHTML =
    '<form id="f"><input type="radio" name="a" id="a1"><input type="radio" name="a" id="a2"></form>';
  input('#a1');
  input('#a2');
  leave();
  expect(tracked.at(-1)?.properties).toMatchObject({ last_field: 'a', fields_touched: 1 });
});

test('one more letter asks the page nothing', () => {
  document.body.innerHTML = '<form id="f"><input name="a"></form>';
  input('input');
  const asked = vi.spyOn(Element.prototype, 'getAttribute');
  input('input');
  expect(asked).not.toHaveBeenCalled();
});

test('a field outside of its form counts for it', () => {
  document.body.innerHTML = '<form id="f"></form><input name="a" form="f">';
  input('input');
  expect(tracked).toMatchObject([{ properties: { form_id: 'f', field: 'a' } }]);
});

test.each([
  { why: 'a password', html: '<form><input type="password" name="p"></form>' },
  { why: 'a password made readable', html: '<form><input autocomplete="current-password" name="p"></form>' },
  { why: 'one that is only called so', html: '<form><input name="user_password"></form>' },
  { why: 'a code', html: '<form><input autocomplete="one-time-code" name="p"></form>' },
  { why: 'a card', html: '<form><input autocomplete="billing cc-number" name="p"></form>' },
  { why: 'a card by its name', html: '<form><input name="cardNumber"></form>' },
  { why: 'a card’s code by its id', html: '<form><input id="cvc"></form>' },
  { why: 'a hidden field', html: '<form><input type="hidden" name="p"></form>' },
  { why: 'a file', html: '<form><input type="file" name="p"></form>' },
  { why: 'an editable text', html: '<form><p contenteditable="true">t</p></form>' },
  {
    why: 'an editable text in an element of the page’s own',
    html: '<form><x-a name="n"><p contenteditable></p></x-a></form>',
  },
  { why: 'what is no field', html: '<form><p>t</p></form>' },
  { why: 'a field that asks for it', html: '<form><input name="p" data-track-ignore></form>' },
  { why: 'a form that asks for it', html: '<form data-track-ignore><input name="p"></form>' },
  { why: 'a part of the page that asks for it', html: '<div data-track-ignore><form><input name="p"></form></div>' },
  { why: 'a field of no form', html: '<div><input name="p"></div>' },
])('is as if it were not there: $why', ({ html }) => {
  document.body.innerHTML = html;
  input('input, p');
  leave();
  expect(tracked).toEqual([]);
});

test('a form that asks for it is not submitted either', () => {
  document.body.innerHTML = '<form data-track-ignore><input name="p"></form>';
  submit();
  expect(tracked).toEqual([]);
});

test('what was filled in before the page opened is submitted without a start', () => {
  document.body.innerHTML = '<form id="f"><input name="a" value="x"></form>';
  submit();
  expect(tracked).toMatchObject([{ event: 'Form Submitted', properties: { fields_touched: 0, duration_ms: 0 } }]);
});

test('a script that takes over changes nothing about what the person did', async () => {
  document.body.innerHTML = '<form id="f"><input name="a"></form>';
  find('form').addEventListener('submit', (event) => {
    event.preventDefault();
    find('form').remove();
  });
  input('input');
  submit();
  await settled();
  leave();
  expect(names()).toEqual(['Form Started', 'Form Submitted']);
});

test('what is changed after the submission is no new start, and nothing is abandoned', () => {
  document.body.innerHTML = '<form id="f"><input name="a"></form>';
  input('input');
  submit();
  input('input');
  submit();
  input('input');
  leave();
  expect(names()).toEqual(['Form Started', 'Form Submitted', 'Form Submitted']);
});

test('emptied after it was sent, it is a new one; emptied before, it is not', () => {
  document.body.innerHTML = '<form id="f"><input name="a"></form>';
  const reset = (): boolean => find('form').dispatchEvent(new Event('reset', { bubbles: true }));
  input('input');
  reset();
  input('input');
  submit();
  reset();
  input('input');
  expect(names()).toEqual(['Form Started', 'Form Submitted', 'Form Started']);
});

test('taken out of the page, it is abandoned', async () => {
  document.body.innerHTML = '<div><form id="f"><input name="a"></form></div>';
  input('input');
  find('div').remove();
  await settled();
  leave();
  expect(names()).toEqual(['Form Started', 'Form Abandoned']);
});

test('taken out and put back, it goes on', async () => {
  document.body.innerHTML = '<div><form id="f"><input name="a"></form></div><p></p>';
  const form = find('form');
  input('input');
  form.remove();
  await vi.advanceTimersByTimeAsync(20);
  find('p').append(form);
  await settled();
  input('input');
  expect(names()).toEqual(['Form Started']);
  form.remove();
  await settled();
  expect(names()).toEqual(['Form Started', 'Form Abandoned']);
});

test('marked as the same form, another element goes on with it', async () => {
  document.body.innerHTML = '<form data-track-form="Checkout" data-track-step="address"><input name="city"></form>';
  input('input');
  document.body.innerHTML = '<form data-track-form="Checkout" data-track-step="payment"><input name="voucher"></form>';
  await settled();
  input('input');
  leave();
  expect(tracked).toMatchObject([
    { event: 'Form Started', properties: { form_id: 'Checkout', field: 'city', step: 'address' } },
    {
      event: 'Form Abandoned',
      properties: { last_field: 'voucher', fields_touched: 2, step: 'payment' },
    },
  ]);
});

test('a step that was sent is no end of the form', () => {
  document.body.innerHTML = '<form data-track-form="Checkout" data-track-step="address"><input name="city"></form>';
  input('input');
  submit();
  document.body.innerHTML = '<form data-track-form="Checkout" data-track-step="payment"><input name="voucher"></form>';
  input('input');
  leave();
  expect(tracked.map(({ event, properties }) => [event, properties.step])).toEqual([
    ['Form Started', 'address'],
    ['Form Submitted', 'address'],
    ['Form Abandoned', 'payment'],
  ]);
});

test.each([
  { why: 'a mark', html: '<div data-track-step="Delivery"><input name="a"></div>', step: 'Delivery' },
  { why: 'a fieldset’s name', html: '<fieldset></fieldset><fieldset name="pay"><input></fieldset>', step: 'pay' },
  { why: 'which fieldset it is', html: '<fieldset></fieldset><fieldset><input></fieldset>', step: '2' },
  {
    why: 'the outer one',
    html: '<fieldset><fieldset></fieldset></fieldset><fieldset><fieldset name="in"><input></fieldset></fieldset>',
    step: '2',
  },
  { why: 'a single fieldset is no step', html: '<fieldset name="all"><input></fieldset>', step: undefined },
])('the step is told by $why', ({ html, step }) => {
  document.body.innerHTML = `<form id="f">${html}</form>`;
  input('input');
  expect(tracked[0]?.properties.step).toBe(step);
});

test('a script’s submit() is heard where the browser tells of navigations', () => {
  stop();
  const navigation = new EventTarget();
  vi.stubGlobal('navigation', navigation);
  stop = forms().setup?.(tracker) ?? (() => {});
  const navigate = (formData: unknown): boolean =>
    navigation.dispatchEvent(Object.assign(new Event('navigate'), { formData }));
  document.body.innerHTML = '<form id="f"><input name="a"></form><form id="g"><input name="b"></form>';
  input('[name=a]');
  navigate(null);
  expect(names()).toEqual(['Form Started']);
  submit('#g');
  navigate(new FormData());
  expect(names()).toEqual(['Form Started', 'Form Submitted']);
  vi.advanceTimersByTime(2_000);
  navigate(new FormData());
  leave();
  expect(tracked.map(({ properties }) => properties.form_id)).toEqual(['f', 'g', 'f']);
  expect(names().at(-1)).toBe('Form Submitted');
  vi.unstubAllGlobals();
});

test('where the page is broken, nothing of it reaches the page', () => {
  const errors: unknown[] = [];
  const onError = (event: ErrorEvent): void => void errors.push(event.error);
  addEventListener('error', onError);
  document.body.innerHTML = '<form id="f"><input name="a"></form>';
  vi.spyOn(Element.prototype, 'getAttribute').mockImplementation(() => {
    throw new TypeError('broken');
  });
  input('input');
  submit();
  leave();
  removeEventListener('error', onError);
  expect([errors, tracked]).toEqual([[], []]);
});

test('once stopped it hears nothing, and a second set-up counts once', async () => {
  stop();
  document.body.innerHTML = '<form id="f"><input name="a"></form>';
  input('input');
  submit();
  expect(tracked).toEqual([]);
  const plugin = forms();
  const stops = [plugin.setup?.(tracker), plugin.setup?.(tracker)];
  input('input');
  expect(names()).toEqual(['Form Started']);
  find('form').remove();
  await vi.advanceTimersByTimeAsync(20);
  for (const undo of stops) undo?.();
  await settled();
  expect(names()).toEqual(['Form Started']);
});

describe('as the browser does it', () => {
  const prevent = (event: Event): void => event.preventDefault();

  beforeEach(() => {
    vi.useRealTimers();
    addEventListener('submit', prevent);
  });

  afterEach(() => {
    removeEventListener('submit', prevent);
  });

  const email = '<input name="email" type="email" required>';

  test.each([
    { why: 'Enter', html: email, typed: 'ada@example.com{Enter}', does: () => {} },
    { why: 'a button', html: `${email}<button>Go</button>`, does: () => find('button').click() },
    { why: 'requestSubmit()', html: email, does: () => (find('form') as HTMLFormElement).requestSubmit() },
  ])('$why submits a valid form', async ({ html, typed = 'ada@example.com', does }) => {
    document.body.innerHTML = `<form id="f">${html}</form>`;
    await userEvent.type(find('input'), typed);
    does();
    expect(names()).toEqual(['Form Started', 'Form Submitted']);
  });

  test.each([
    { why: 'is not submitted', html: `<form id="f">${email}<button>Go</button></form>`, ends: 'Form Abandoned' },
    {
      why: 'is, if it wants none of that',
      html: `<form novalidate>${email}<button>Go</button></form>`,
      ends: 'Form Submitted',
    },
    {
      why: 'is, if the button wants none',
      html: `<form>${email}<button formnovalidate>Go</button></form>`,
      ends: 'Form Submitted',
    },
  ])('an invalid form $why', async ({ html, ends }) => {
    document.body.innerHTML = html;
    await userEvent.type(find('input'), 'ada');
    find('button').click();
    leave();
    expect(names()).toEqual(['Form Started', ends]);
  });

  test('an event a script makes up does not submit an invalid form, and no field hears of it', async () => {
    document.body.innerHTML = `<form id="f">${email}</form>`;
    const invalid = vi.fn();
    find('input').addEventListener('invalid', invalid);
    submit();
    expect(names()).toEqual([]);
    expect(invalid).not.toHaveBeenCalled();
  });

  test('a choice counts as a change', async () => {
    document.body.innerHTML =
      '<form id="f"><select name="size"><option>S<option>L</select><input type="checkbox" name="ok"></form>';
    await userEvent.selectOptions(find('select'), 'L');
    await userEvent.click(find('input'));
    leave();
    expect(tracked.at(-1)).toMatchObject({
      event: 'Form Abandoned',
      properties: { last_field: 'ok', fields_touched: 2 },
    });
  });

  test('a form in a shadow tree, and its end', async () => {
    const host = document.createElement('section');
    document.body.append(host);
    const root = host.attachShadow({ mode: 'open' });
    root.innerHTML = `<form id="inside">${email}</form>`;
    root.querySelector('form')?.addEventListener('submit', prevent);
    await userEvent.type(root.querySelector('input') as Element, 'ada@example.com{Enter}');
    expect(tracked).toMatchObject([
      { event: 'Form Started', properties: { form_id: 'inside', field: 'email' } },
      { event: 'Form Submitted', properties: { form_id: 'inside', fields_touched: 1 } },
    ]);
    root.innerHTML = '<form id="next"><input name="a"></form>';
    await userEvent.type(root.querySelector('input') as Element, 'x');
    root.innerHTML = '';
    await expect.poll(() => tracked.length).toBe(4);
    expect(tracked.at(-1)).toMatchObject({ event: 'Form Abandoned', properties: { form_id: 'next' } });
  });

  test('a form in a shadow tree that nobody changed is submitted all the same', () => {
    const host = document.createElement('section');
    document.body.append(host);
    const root = host.attachShadow({ mode: 'open' });
    root.innerHTML = '<form id="inside"><input name="a" value="x"><button>Go</button></form>';
    root.querySelector('form')?.addEventListener('submit', prevent);
    root.querySelector('input')?.focus();
    root.querySelector('button')?.click();
    expect(tracked).toMatchObject([{ event: 'Form Submitted', properties: { form_id: 'inside', fields_touched: 0 } }]);
  });

  test('an element of the page’s own is one field, whatever is inside it; a password in it stays secret', async () => {
    document.body.innerHTML = '<form id="f"><x-text name="city"></x-text><x-secret name="word"></x-secret></form>';
    for (const [name, type] of [
      ['x-text', 'text'],
      ['x-secret', 'password'],
    ] as const) {
      find(name).attachShadow({ mode: 'open' }).innerHTML = `<input type="${type}" name="inner">`;
      await userEvent.type(find(name).shadowRoot?.querySelector('input') as Element, 'x');
    }
    leave();
    expect(tracked).toMatchObject([
      { event: 'Form Started', properties: { form_id: 'f', field: 'city' } },
      { event: 'Form Abandoned', properties: { last_field: 'city', fields_touched: 1 } },
    ]);
  });

  test('after a navigation within the page, a form that is hidden is abandoned on the page it was on; one in sight goes on', async () => {
    document.body.innerHTML =
      '<div><form id="gone"><input name="a"></form></div><form id="wizard"><input name="b"></form>';
    input('[name=a]');
    input('[name=b]');
    find('div').style.display = 'none';
    history.pushState(null, '', '/next');
    await expect.poll(names).toContain('Form Abandoned');
    input('[name=b]');
    submit('#wizard');
    expect(tracked.slice(2)).toMatchObject([
      { event: 'Form Abandoned', properties: { form_id: 'gone' }, options: { context: { page: { path: '/page' } } } },
      { event: 'Form Submitted', properties: { form_id: 'wizard' } },
    ]);
  });

  test('a script’s submit() counts where it sends what was filled in', async () => {
    document.body.innerHTML = '<form id="f" method="post" action="/nowhere"><input name="a"></form>';
    await userEvent.type(find('input'), 'x');
    const { navigation } = window as unknown as { navigation: EventTarget };
    navigation.addEventListener('navigate', prevent, { once: true });
    (find('form') as HTMLFormElement).submit();
    await expect.poll(names).toContain('Form Submitted');
    leave();
    expect(names()).toEqual(['Form Started', 'Form Submitted']);
  });
});
