import { afterEach, describe, expect, test } from 'vitest';
import { describeElement, isForEditing, pressableIn } from './describe-element.ts';

afterEach(() => {
  document.body.innerHTML = '';
});

/** Those a click on `selector` goes through. */
function elementsAt(html: string, selector: string): readonly Element[] {
  document.body.innerHTML = html;
  const elements: Element[] = [];
  for (let at = document.querySelector(selector); at; at = at.parentElement) elements.push(at);
  return elements;
}

function facts(html: string, selector = '[here]') {
  const elements = elementsAt(html, selector);
  return JSON.parse(JSON.stringify(describeElement(elements[0] as Element, elements)));
}

describe('what is said of an element', () => {
  test.each([
    { why: 'its tag', html: '<button here>Buy</button>', expected: { element: 'button', element_path: 'button' } },
    {
      why: 'its name for clicks()',
      html: '<button here data-track="Cart Opened"></button>',
      expected: { element: 'button', element_name: 'Cart Opened', element_path: 'button' },
    },
    {
      why: 'its role',
      html: '<div here role="tab"></div>',
      expected: { element: 'div', element_role: 'tab', element_path: 'div' },
    },
    {
      why: 'no role that is none',
      html: '<div here role="Ann Smith"></div>',
      expected: { element: 'div', element_path: 'div' },
    },
    {
      why: 'where a link leads, without query and fragment',
      html: '<a here href="/news?q=ann#token=1">News</a>',
      expected: { element: 'a', element_path: 'a', href: 'http://localhost:3999/news' },
    },
    {
      why: 'no address of a person',
      html: '<a here href="mailto:ann@example.com">Mail</a>',
      expected: { element: 'a', element_path: 'a' },
    },
    {
      why: 'nothing that somebody wrote or sees',
      html: '<input here value="ann" title="Ann" name="ann" placeholder="Ann" aria-label="Ann" class="ann" data-ann="ann" alt="Ann">',
      expected: { element: 'input', element_path: 'input' },
    },
  ])('$why', ({ html, expected }) => {
    expect(facts(html)).toEqual(expected);
  });

  test.each([
    { why: 'written by hand', id: 'checkout_form-main', expected: 'checkout_form-main' },
    { why: 'counted', id: 'row-17' },
    { why: 'React’s', id: ':r1a:' },
    { why: 'React’s newer ones', id: '«r1»' },
    { why: 'a UUID', id: '9b2f41d8-7a51-4d8e-9f0c-2f8a54a0a000' },
    { why: 'an address', id: 'ann@example.com' },
    { why: 'a name with spaces', id: 'Ann Smith' },
    { why: 'too long to be meant', id: 'a'.repeat(41) },
    { why: 'none', id: '' },
  ])('an id is told if somebody wrote it: $why', ({ id, expected }) => {
    document.body.innerHTML = '<p here></p>';
    const element = document.querySelector('p') as Element;
    element.id = id;
    expect(describeElement(element, [element]).element_id).toBe(expected);
  });
});

describe('where it is', () => {
  test.each([
    { why: 'up to the body', html: '<main><div><b here></b></div></main>', expected: 'main > div > b' },
    {
      why: 'up to an id',
      html: '<main><form id="checkout"><div><b here></b></div></form></main>',
      expected: 'form#checkout > div > b',
    },
    {
      why: 'its place among its like',
      html: '<ul><li></li><p></p><li><b></b><b here></b></li></ul>',
      expected: 'ul > li:nth-of-type(2) > b:nth-of-type(2)',
    },
    {
      why: 'six steps at most',
      html: '<i><i><i><i><i><i><i><b here></b></i></i></i></i></i></i></i>',
      expected: 'i > i > i > i > i > b',
    },
  ])('$why', ({ html, expected }) => {
    expect(facts(html).element_path).toBe(expected);
  });

  test('of what was clicked within it nothing is said', () => {
    const elements = elementsAt('<button><i></i></button>', 'i');
    expect(describeElement(elements[1] as Element, elements)).toMatchObject({
      element: 'button',
      element_path: 'button',
    });
  });
});

describe('what people expect to do something', () => {
  test.each([
    { html: '<a><b></b></a>', expected: 'a' },
    { html: '<button><b></b></button>', expected: 'button' },
    { html: '<div role="button"><b></b></div>', expected: 'div' },
    { html: '<div role="menuitemradio"><b></b></div>', expected: 'div' },
    { html: '<div onclick="go()"><b></b></div>', expected: 'div' },
    { html: '<summary><b></b></summary>', expected: 'summary' },
    { html: '<div role="list"><b></b></div>', expected: undefined },
    { html: '<label><b></b></label>', expected: undefined },
  ])('$html: $expected', ({ html, expected }) => {
    expect(pressableIn(elementsAt(html, 'b'))?.localName).toBe(expected);
  });
});

describe('where clicks place a cursor, choose, play or draw', () => {
  test.each([
    { html: '<input>', expected: true },
    { html: '<input type="number">', expected: true },
    { html: '<input type="submit">', expected: false },
    { html: '<input type="checkbox">', expected: false },
    { html: '<textarea></textarea>', expected: true },
    { html: '<video></video>', expected: true },
    { html: '<canvas></canvas>', expected: true },
    { html: '<button></button>', expected: false },
  ])('$html: $expected', ({ html, expected }) => {
    document.body.innerHTML = html;
    expect(isForEditing(document.body.firstElementChild as Element)).toBe(expected);
  });
});
