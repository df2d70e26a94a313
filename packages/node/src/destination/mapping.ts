import type { CollectedEvent } from '@org/track-core';

/** Where a value comes from: a path into the event such as `properties.order_id`, or several; the first that is there counts. */
export type Source = string | readonly string[];

/** How a destination says things, as data: the documentation is made of it, and a host may say any of it otherwise. */
export interface Mapping {
  /** Names of `track` events, ours → theirs; `null`: not sent. What is not named keeps its own. */
  readonly events: { readonly [event: string]: string | null };
  /** Their field ← where it comes from. */
  readonly fields: { readonly [field: string]: Source };
  /** The same for each product of an order; paths are into the product. */
  readonly products: { readonly [field: string]: Source };
}

/** What a host says otherwise: merged over a destination's own mapping, entry by entry. */
export type MappingOverrides = { readonly [part in keyof Mapping]?: Mapping[part] };

export function mergeMapping(own: Mapping, overrides: MappingOverrides = {}): Mapping {
  return {
    events: { ...own.events, ...overrides.events },
    fields: { ...own.fields, ...overrides.fields },
    products: { ...own.products, ...overrides.products },
  };
}

/** @throws TypeError if something in it is not what it must be */
export function checkMapping(where: string, overrides: unknown): void {
  const wrong = (path: string, expected: string): never => {
    throw new TypeError(`${where}: mapping${path}: expected ${expected}`);
  };
  if (!isObject(overrides)) return wrong('', 'an object with events, fields or products');
  for (const [part, entries] of Object.entries(overrides)) {
    if (!['events', 'fields', 'products'].includes(part)) wrong(`.${part}`, 'events, fields or products');
    if (!isObject(entries)) return wrong(`.${part}`, 'an object');
    for (const [name, value] of Object.entries(entries)) {
      if (part === 'events' ? isText(value) || value === null : isText(value) || isTexts(value)) continue;
      wrong(`.${part}["${name}"]`, part === 'events' ? 'a name, or null for none' : 'a path or a list of paths');
    }
  }
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(isText);

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the event is called there; `null` if it is not sent. Own keys only: an event may be called `constructor`. */
export function nameOf(event: string, { events }: Mapping): string | null {
  return Object.hasOwn(events, event) ? (events[event] as string | null) : event;
}

/** The event under the name that it has there, for a destination that takes events as they are; `null` if it is not sent. */
export function renamed(event: CollectedEvent, mapping: Mapping): CollectedEvent | null {
  if (event.type !== 'track') return event;
  const name = nameOf(event.event, mapping);
  if (name === null) return null;
  return name === event.event ? event : { ...event, event: name };
}

/** What lies at a path; nothing for `null` and the empty text, which say nothing. */
export function valueAt(holder: unknown, source: Source): unknown {
  for (const path of typeof source === 'string' ? [source] : source) {
    let value: unknown = holder;
    for (const field of path.split('.')) {
      value = isObject(value) && Object.hasOwn(value, field) ? value[field] : undefined;
    }
    if (value !== undefined && value !== null && value !== '') return value;
  }
  return undefined;
}

export function textAt(holder: unknown, source: Source): string | undefined {
  const value = valueAt(holder, source);
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

/** A number, also one that came as text, as from forms. */
export function numberAt(holder: unknown, source: Source): number | undefined {
  const value = valueAt(holder, source);
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** Every field that is there, in the order of the mapping. */
export function fieldsOf(holder: unknown, fields: Mapping['fields']): Record<string, unknown> {
  return present(Object.fromEntries(Object.entries(fields).map(([field, source]) => [field, valueAt(holder, source)])));
}

/** Without the fields that are not there. */
export function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** The properties of an event, or the traits of one that has those. */
export function propertiesOf(event: CollectedEvent): Readonly<Record<string, unknown>> {
  const { properties, traits } = event as { properties?: unknown; traits?: unknown };
  return isObject(properties) ? properties : isObject(traits) ? traits : {};
}

/** What is known of the person: traits of the call, else those the context carries. */
export function traitsOf(event: CollectedEvent): Readonly<Record<string, unknown>> {
  const own = event.type === 'identify' ? event.traits : undefined;
  const traits = own ?? event.context?.traits;
  return isObject(traits) ? traits : {};
}
