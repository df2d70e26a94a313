import { linkUrl, publicHref } from './link-url.ts';

const pressable =
  'a,area,button,summary,input,select,textarea,option,[onclick],[role=button],[role=link],[role=tab],[role^=menuitem],[role=option],[role=checkbox],[role=radio],[role=switch]';
const forEditing =
  'input:not([type=button],[type=submit],[type=reset],[type=image],[type=checkbox],[type=radio]),textarea,select,option,video,audio,canvas';

/** Elements a path goes through at most. */
const maxSteps = 6;

/** What is said of an element: nothing that a person wrote or sees, so no text, no value, no title. */
export interface ElementFacts {
  /** Its tag. */
  readonly element: string;
  /** Its id, if it is made of letters, `-` and `_`: others are counted, generated, or those of a record. */
  readonly element_id?: string | undefined;
  /** What it is tagged as for `clicks()`. */
  readonly element_name?: string | undefined;
  readonly element_role?: string | undefined;
  /** Where it is: `main > form#checkout > button:nth-of-type(2)`. */
  readonly element_path: string;
  /** Where a link leads, without query and fragment. */
  readonly href?: string | undefined;
}

/** What was pressed, if people expect it to do something: the nearest of the elements an event went through. */
export function pressableIn(elements: readonly Element[]): Element | undefined {
  return elements.find((element) => element.matches(pressable));
}

/** Where clicks place a cursor, choose, play or draw, which need not show anywhere else. */
export function isForEditing(element: Element): boolean {
  return element.matches(forEditing) || (element as Partial<HTMLElement>).isContentEditable === true;
}

/** @param elements - those an event went through, from the inside outwards; `element` is one of them */
export function describeElement(element: Element, elements: readonly Element[]): ElementFacts {
  const url = linkUrl(element);
  return {
    element: element.localName,
    element_id: stableId(element),
    element_name: element.getAttribute('data-track') || undefined,
    element_role: /^[a-z]+$/.exec(element.getAttribute('role') ?? '')?.[0],
    element_path: pathOf(elements.slice(elements.indexOf(element))),
    href: url && publicHref(url),
  };
}

/** Up to the nearest element that has an id, or the page's body. */
function pathOf(elements: readonly Element[]): string {
  const steps: string[] = [];
  for (const element of elements) {
    const id = stableId(element);
    if (/^(body|html)$/.test(element.localName) || steps.length === maxSteps) break;
    const place = placeOf(element);
    steps.unshift(element.localName + (id ? `#${id}` : place > 1 ? `:nth-of-type(${place})` : ''));
    if (id) break;
  }
  return steps.join(' > ');
}

function placeOf({ localName, previousElementSibling }: Element): number {
  let place = 1;
  for (let before = previousElementSibling; before; before = before.previousElementSibling) {
    if (before.localName === localName) place++;
  }
  return place;
}

function stableId({ id }: Element): string | undefined {
  return /^[a-z][a-z_-]{0,39}$/i.exec(id)?.[0];
}
