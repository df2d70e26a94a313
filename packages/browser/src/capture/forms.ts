import type { PageContext, Plugin } from '@org/track-core';
import { readContext } from '../runtime/page-context.ts';
import { watchUrl } from '../runtime/page-url.ts';
import { capturePlugin } from './capture-plugin.ts';
import { hear, quietly } from './hear.ts';
import { isIgnored } from './is-ignored.ts';
import { maskName, maskPath } from './mask.ts';
import { pathOf } from './path-of.ts';

/** How long a form must be gone to be gone, milliseconds: frameworks take one out and put it back while they render. */
const settleMs = 50;

/** A form somebody has changed a field of. */
interface Filling {
  /** The element; another one once the page has rendered the form anew. */
  form: HTMLFormElement;
  readonly page: PageContext;
  readonly startedAt: number;
  /** Names of the fields changed; of those without a name the element. */
  readonly fields: Set<string | Element>;
  lastField: string;
  step: string | undefined;
  /** It will not be abandoned any more, unless another step of it is begun. */
  isSubmitted: boolean;
}

/**
 * Records what becomes of forms, never what is in them:
 *
 * - `Form Started`, when a first field is changed: `form_id`, `field`.
 * - `Form Submitted`, by a button, by Enter or by `requestSubmit()`, if the form is valid or wants no validation. It is
 *   what the person did, also where a script takes over from there: `form_id`, `fields_touched`, `duration_ms`.
 * - `Form Abandoned`, when the page or the form goes before that: `form_id`, `last_field`, `fields_touched`, `duration_ms`.
 *
 * `form_id` is the form's `data-track-form`, `id` or `name`, else the path it would go to. Fields are told by `name` or
 * `id`; where these look personal, they are masked. With steps, `step` is added: the nearest `data-track-step`, or which
 * of the form's fieldsets. Passwords, cards, files, hidden fields, editable texts and all within `data-track-ignore` are
 * as if they were not there.
 */
export function forms(): Plugin {
  return capturePlugin('forms', (tracker, signal) => {
    const fillings = new Map<string | Element, Filling>();
    const roots = new WeakSet<ShadowRoot>();
    const observer = new MutationObserver(
      quietly(() => {
        if ([...fillings.values()].some(({ form }) => !isConnected(form))) lookLater();
      }),
    );
    let willLook = false;
    let hasMoved = false; // the URL has changed since the last look
    let lastTarget: EventTarget | undefined; // most changes are one more letter in the same field
    let submittedAt = -Infinity;

    function onChange(event: Event): void {
      const path = event.composedPath();
      const [target] = path;
      if (!target || target === lastTarget) return;
      lastTarget = target;
      hearInside(path);
      const at = path.findIndex((one) => formOf(one));
      const field = path[at] as Element | undefined;
      const form = field && formOf(field);
      if (!form || isIgnored(path) || path.slice(0, at + 1).some(isSecret)) return;
      touch(form, field, nameOf(field));
    }

    function touch(form: HTMLFormElement, field: Element, name: string): void {
      const key = form.getAttribute('data-track-form') || form;
      const step = stepOf(field, form);
      let filling = fillings.get(key);
      if (!filling) {
        const { page } = readContext();
        const startedAt = performance.now();
        filling = { form, page, startedAt, fields: new Set(), lastField: name, step, isSubmitted: false };
        fillings.set(key, filling);
        observe(form);
        tracker.track('Form Started', { form_id: idOf(form), field: name, step });
      }
      if (filling.step !== step) filling.isSubmitted = false;
      filling.fields.add(field.getAttribute('name') || field);
      Object.assign(filling, { form, step, lastField: name });
    }

    function onSubmit(event: SubmitEvent): void {
      const path = event.composedPath();
      const [form] = path;
      if (!(form instanceof HTMLFormElement) || isIgnored(path)) return;
      const isAsIs = form.hasAttribute('novalidate') || event.submitter?.hasAttribute('formnovalidate');
      // A browser validates before it says so, but `dispatchEvent` does not. `checkValidity()` would tell the fields.
      if (isAsIs || isValid(form)) submit(form);
    }

    function submit(form: HTMLFormElement): void {
      const filling = fillings.get(form.getAttribute('data-track-form') || form);
      lastTarget = undefined;
      submittedAt = performance.now();
      if (filling) filling.isSubmitted = true;
      tracker.track('Form Submitted', { form_id: idOf(form), ...progressOf(filling) });
    }

    /** `form.submit()` makes no event; where the browser tells of navigations, one with the fields of a form is that. */
    function onNavigate({ formData }: Event & { readonly formData?: unknown }): void {
      const open = [...fillings.values()].filter(({ isSubmitted }) => !isSubmitted);
      const last = open.at(-1);
      if (formData && last && performance.now() - submittedAt > 1_000) submit(last.form);
    }

    /** Emptied after it was sent, a form is a new one: a comment, a subscription. */
    function onReset({ target }: Event): void {
      lastTarget = undefined;
      for (const [key, { form, isSubmitted }] of fillings) if (form === target && isSubmitted) fillings.delete(key);
    }

    function abandon(key: string | Element, filling: Filling): void {
      lastTarget = undefined;
      fillings.delete(key);
      if (fillings.size === 0) observer.disconnect();
      if (filling.isSubmitted) return;
      const { form, page, lastField } = filling;
      const properties = { form_id: idOf(form), last_field: lastField, ...progressOf(filling) };
      // Of the page it was on, also where that is not the page any more.
      tracker.track('Form Abandoned', properties, { context: { page } });
    }

    function abandonAll(): void {
      for (const [key, filling] of fillings) abandon(key, filling);
    }

    function lookLater(): void {
      if (!willLook) setTimeout(quietly(look), settleMs);
      willLook = true;
    }

    function look(): void {
      willLook = false;
      const isElsewhere = hasMoved;
      hasMoved = false;
      if (signal.aborted) return;
      for (const [key, filling] of fillings) {
        if (!isConnected(filling.form) && typeof key === 'string') filling.form = renderedAnew(key) ?? filling.form;
        // A form that is still on the screen after a navigation, as the next step of it, goes on.
        if (!isConnected(filling.form) || (isElsewhere && !isRendered(filling.form))) abandon(key, filling);
      }
    }

    /** Observers do not see into shadow trees. */
    function observe(form: HTMLFormElement): void {
      for (const root of pathOf(form)) {
        if (root === document || root instanceof ShadowRoot) observer.observe(root, { childList: true, subtree: true });
      }
    }

    /** Not all that happens inside a shadow tree is heard outside. */
    function hearInside(path: readonly EventTarget[]): void {
      for (const root of path) {
        if (!(root instanceof ShadowRoot) || roots.has(root)) continue;
        roots.add(root);
        hear(root, ['change'], onChange, signal);
        hear(root, ['submit'], onSubmit, signal);
        hear(root, ['reset'], onReset, signal);
      }
    }

    hear(window, ['input', 'change'], onChange, signal);
    hear(window, ['focusin'], (event) => hearInside(event.composedPath()), signal);
    hear(window, ['submit'], onSubmit, signal);
    hear(window, ['reset'], onReset, signal);
    hear(window, ['pagehide'], abandonAll, signal);
    watchUrl(() => {
      hasMoved = true;
      if (fillings.size > 0) lookLater();
    }, signal);
    const { navigation } = window as { navigation?: EventTarget };
    if (navigation) hear(navigation, ['navigate'], onNavigate, signal);
    signal.addEventListener('abort', () => observer.disconnect());
  });
}

/** How far it has come. */
function progressOf(filling: Filling | undefined): Record<string, string | number | undefined> {
  const durationMs = filling ? performance.now() - filling.startedAt : 0;
  return { fields_touched: filling?.fields.size ?? 0, duration_ms: Math.round(durationMs), step: filling?.step };
}

/** The form that a field is of; an element of the page's own making is a field of the form around it. */
function formOf(target: EventTarget): HTMLFormElement | undefined {
  if (!(target instanceof Element)) return undefined;
  const { form } = target as Partial<HTMLInputElement>;
  if (form instanceof HTMLFormElement) return form;
  return (target.localName.includes('-') && target.closest('form')) || undefined;
}

function isSecret(target: EventTarget): boolean {
  if (!(target instanceof Element)) return false;
  if (target instanceof HTMLElement && target.isContentEditable) return true;
  const { type = '' } = target as Partial<HTMLInputElement>;
  const said = ['autocomplete', 'name', 'id'].map((name) => target.getAttribute(name)).join(' ');
  return /^(?:password|hidden|file)$/.test(type) || secretPattern.test(said);
}

/** What browsers and pages call fields for passwords, codes and cards. https://html.spec.whatwg.org/#autofill */
const secretPattern = /passw|pwd|one-time-code|\botp\b|\bcc-?[a-z]|card.?(?:num|no\b|code)|\b(?:cvc|cvv|csc|iban)/i;

const nameOf = (field: Element): string =>
  maskName(field.getAttribute('name') || field.getAttribute('id') || field.localName);

// Attributes, because in a form with a field called `name` the form's property is that field.
function idOf(form: HTMLFormElement): string {
  const [said] = ['data-track-form', 'id', 'name'].map((name) => form.getAttribute(name)).filter(Boolean);
  return said ? maskName(said) : maskPath(form.getAttribute('action') ?? '');
}

function stepOf(field: Element, form: HTMLFormElement): string | undefined {
  const tagged = field.closest('[data-track-step]')?.getAttribute('data-track-step');
  if (tagged) return maskName(tagged);
  const steps = [...form.querySelectorAll('fieldset')].filter((one) => !one.parentElement?.closest('fieldset'));
  const at = steps.findIndex((one) => one.contains(field));
  const step = steps[at];
  return step && steps.length > 1 ? maskName(step.name || step.id || String(at + 1)) : undefined;
}

/** The form that was marked as the same one, where the page has put another element in its place. */
const renderedAnew = (key: string): HTMLFormElement | null =>
  document.querySelector<HTMLFormElement>(`form[data-track-form="${CSS.escape(key)}"]`);

// Asked of the prototypes, because in a form with a field called `matches` the form's property is that field.
const isValid = (form: HTMLFormElement): boolean => Element.prototype.matches.call(form, ':valid');

const isConnected = (form: HTMLFormElement): boolean => Reflect.get(Node.prototype, 'isConnected', form);

const isRendered = (form: HTMLFormElement): boolean => form.getClientRects().length > 0;
