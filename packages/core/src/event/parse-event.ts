import { utf8Length } from '../runtime/utf8.ts';
import { maxCleanDepth, maxCleanValues } from './clean-json.ts';
import type { TrackEvent } from './event.ts';
import type { Issue, Result } from './result.ts';
import { isServedPage } from './served-page.ts';

/** How large one event may be. What a tracker made fit for JSON is within the defaults of depth and keys. */
export interface EventLimits {
  /** Most bytes of its JSON in UTF-8. Default 32 KiB, as Segment has it. */
  readonly maxEventBytes: number;
  /** Most objects and arrays inside one another, the event counted: a product of `properties.products` is the fourth. */
  readonly maxDepth: number;
  /** Most keys of one object. */
  readonly maxKeys: number;
}

export const defaultEventLimits: EventLimits = {
  maxEventBytes: 32 * 1_024,
  maxDepth: maxCleanDepth,
  maxKeys: maxCleanValues,
};

/** Issues are for people: after this many the rest is not told. */
const maxIssues = 10;
const maxPathLength = 200;

const maxMessageIdLength = 100;
const maxIdLength = 512;
const maxNameLength = 200;

/** A date and a time to the second with its zone, or a date alone, which is midnight UTC: what every warehouse reads. */
const isoDate =
  /^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/;

/** Bounds of an event's JSON by its weight: at least a third of it (`0,` weighs 6), at most six times (`\u0000` weighs 1). */
const minBytesPerWeight = 1 / 3;
const maxBytesPerWeight = 6;
/** Weight of a number with what separates it from the next value; its JSON has 1 to 25 characters. */
const weightOfNumber = 6;

/** What is known of an event while it is walked. */
interface Walk {
  readonly maxDepth: number;
  readonly maxKeys: number;
  readonly maxWeight: number;
  /** Somebody has put keys of their own on the prototype of all objects. */
  readonly isPolluted: boolean;
  readonly issues: Issue[];
  /** Keys from the event down to the container at hand. */
  readonly path: (string | number)[];
  /** Code units of its strings and keys, and a little for everything else. */
  weight: number;
}

/** An object of unknown content. */
export type Fields = { readonly [key: string]: unknown };

/**
 * Is `input` an event of the Segment Spec, and within limits? Then `value` is `input` itself, not a copy.
 *
 * It never throws, whatever it is given, and its work is bounded by the limits. At most ten issues are told. Codes of
 * fields: `missing`, `empty`, `too-long`, `unknown-type`, `not-an-object`, `not-a-string`, `not-a-boolean`,
 * `not-a-date`; of anything inside: `not-json`, `forbidden-key`, `too-deep`, `too-many-keys`; of the whole:
 * `too-large`, and `unreadable` where reading it threw.
 *
 * Bytes are counted only near the limit: the lengths of strings and keys tell most events from too large ones.
 */
export function parseEvent(
  input: unknown,
  {
    maxEventBytes = defaultEventLimits.maxEventBytes,
    maxDepth = defaultEventLimits.maxDepth,
    maxKeys = defaultEventLimits.maxKeys,
  }: Partial<EventLimits> = defaultEventLimits,
): Result<TrackEvent, readonly Issue[]> {
  const issues: Issue[] = [];
  try {
    if (!isPlainObject(input)) return { ok: false, issues: [{ path: '', code: 'not-an-object' }] };
    const maxWeight = maxEventBytes / minBytesPerWeight;
    const walk: Walk = {
      maxDepth,
      maxKeys,
      maxWeight,
      isPolluted: hasKeys(Object.prototype),
      issues,
      path: [],
      weight: 0,
    };
    enter(input, 0, walk);
    if (
      walk.weight > walk.maxWeight ||
      (walk.weight * maxBytesPerWeight > maxEventBytes &&
        issues.length === 0 &&
        utf8Length(JSON.stringify(input)) > maxEventBytes)
    ) {
      addIssue(issues, '', 'too-large');
    }
    checkFields(input, issues);
  } catch {
    addIssue(issues, '', 'unreadable');
  }
  return issues.length === 0 ? { ok: true, value: input as TrackEvent } : { ok: false, issues };
}

const codeOf2 = 0x32;
const codeOf9 = 0x39;

/** A pattern and the calendar: `Date.parse` takes longer than all other checks of fields together. */
export function isIsoDate(text: string): boolean {
  if (!isoDate.test(text)) return false;
  if (text.charCodeAt(8) < codeOf2 || (text.charCodeAt(8) === codeOf2 && text.charCodeAt(9) < codeOf9)) return true;
  return (
    Number(text.slice(8, 10)) <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate()
  );
}

function addIssue(issues: Issue[], path: string, code: string): void {
  if (issues.length < maxIssues) issues.push({ path: path.slice(0, maxPathLength), code });
}

export function isPlainObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && isPlainPrototype(Object.getPrototypeOf(value));
}

/** Objects of another realm (an iframe, a test runner's sandbox) have another, equally plain, prototype. */
function isPlainPrototype(prototype: object | null): boolean {
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Walks what is inside `container`, which has `depth` others around it. */
function enter(container: object, depth: number, walk: Walk): void {
  if (Array.isArray(container)) {
    for (let index = 0; index < container.length && walk.weight <= walk.maxWeight; index++) {
      visit(container[index], index, depth, walk);
    }
    return;
  }
  const prototype: object | null = Object.getPrototypeOf(container); // asked once: it is a fifth of the walk
  if (!isPlainPrototype(prototype)) return found(walk, depth, 'not-json');
  // To ask of each key whether it is inherited takes a quarter of the walk.
  const mayInherit = walk.isPolluted || prototype !== Object.prototype;
  let keys = 0;
  for (const key in container) {
    if (walk.weight > walk.maxWeight) return;
    if (mayInherit && !Object.hasOwn(container, key)) continue;
    if (++keys > walk.maxKeys) return found(walk, depth, 'too-many-keys');
    walk.weight += key.length + 3;
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') found(walk, depth, 'forbidden-key', key);
    const value = (container as Fields)[key];
    if (value !== undefined) visit(value, key, depth, walk);
  }
}

function hasKeys(container: object): boolean {
  for (const _key in container) return true;
  return false;
}

function visit(value: unknown, key: string | number, depth: number, walk: Walk): void {
  if (typeof value === 'string') walk.weight += value.length + 3;
  else if (typeof value === 'number') {
    walk.weight += weightOfNumber;
    if (!Number.isFinite(value)) found(walk, depth, 'not-json', key);
  } else if (typeof value === 'boolean' || value === null) walk.weight += 5;
  else if (typeof value === 'object') {
    walk.weight += 3;
    walk.path[depth] = key;
    if (depth + 1 < walk.maxDepth) enter(value, depth + 1, walk);
    else found(walk, depth + 1, 'too-deep');
  } else {
    walk.weight += 5;
    found(walk, depth, 'not-json', key);
  }
}

/** Notes an issue of the container at `depth`, or of what it has at `key`. */
function found({ issues, path }: Walk, depth: number, code: string, key?: string | number): void {
  const keys = path.slice(0, depth);
  if (key !== undefined) keys.push(key);
  addIssue(issues, keys.join('.'), code);
}

function checkFields(fields: Fields, issues: Issue[]): void {
  const { type, anonymousId, userId, timestamp, context } = fields;
  checkText(fields.messageId, 'messageId', maxMessageIdLength, issues, true);
  checkText(anonymousId, 'anonymousId', maxIdLength, issues, false);
  checkText(userId, 'userId', maxIdLength, issues, type === 'alias');
  if (anonymousId === undefined && userId === undefined && type !== 'alias' && !isServedPage(fields)) {
    addIssue(issues, 'anonymousId', 'missing');
  }
  if (timestamp === undefined) addIssue(issues, 'timestamp', 'missing');
  else if (typeof timestamp !== 'string') addIssue(issues, 'timestamp', 'not-a-string');
  else if (!isIsoDate(timestamp)) addIssue(issues, 'timestamp', 'not-a-date');

  switch (type) {
    case 'track':
      checkText(fields.event, 'event', maxNameLength, issues, true);
      checkObject(fields.properties, 'properties', issues);
      break;
    case 'page':
    case 'screen':
      checkString(fields.name, 'name', issues);
      checkString(fields.category, 'category', issues);
      checkObject(fields.properties, 'properties', issues);
      break;
    case 'group':
      checkText(fields.groupId, 'groupId', maxIdLength, issues, true);
      checkObject(fields.traits, 'traits', issues);
      break;
    case 'identify':
      checkObject(fields.traits, 'traits', issues);
      break;
    case 'alias':
      checkText(fields.previousId, 'previousId', maxIdLength, issues, true);
      break;
    default:
      addIssue(issues, 'type', type === undefined ? 'missing' : 'unknown-type');
  }
  checkObject(fields.integrations, 'integrations', issues);
  if (checkObject(context, 'context', issues)) checkContext(context, issues);
}

/** The parts of `context` that our own code reads; others pass as they are. */
function checkContext(
  { library, page, session, consent, traits, locale, timezone, userAgent, ip }: Fields,
  issues: Issue[],
): void {
  checkString(locale, 'context.locale', issues);
  checkString(timezone, 'context.timezone', issues);
  checkString(userAgent, 'context.userAgent', issues);
  checkString(ip, 'context.ip', issues);
  checkObject(traits, 'context.traits', issues);
  if (checkObject(library, 'context.library', issues)) {
    checkString(library.name, 'context.library.name', issues);
    checkString(library.version, 'context.library.version', issues);
  }
  if (checkObject(page, 'context.page', issues)) {
    checkString(page.url, 'context.page.url', issues);
    checkString(page.path, 'context.page.path', issues);
    checkString(page.search, 'context.page.search', issues);
    checkString(page.title, 'context.page.title', issues);
    checkString(page.referrer, 'context.page.referrer', issues);
  }
  if (checkObject(session, 'context.session', issues)) {
    checkText(session.id, 'context.session.id', maxIdLength, issues, true);
    checkBoolean(session.isNew, 'context.session.isNew', issues);
  }
  if (checkObject(consent, 'context.consent', issues)) {
    const preferences = consent.categoryPreferences;
    if (preferences === undefined) addIssue(issues, 'context.consent.categoryPreferences', 'missing');
    else if (checkObject(preferences, 'context.consent.categoryPreferences', issues)) {
      checkBoolean(preferences.functional, 'context.consent.categoryPreferences.functional', issues);
      checkBoolean(preferences.analytics, 'context.consent.categoryPreferences.analytics', issues);
      checkBoolean(preferences.advertising, 'context.consent.categoryPreferences.advertising', issues);
    }
    checkBoolean(consent.gpc, 'context.consent.gpc', issues);
    checkString(consent.decidedAt, 'context.consent.decidedAt', issues);
  }
}

/** A string that names something: not empty, not endless. */
function checkText(value: unknown, path: string, maxLength: number, issues: Issue[], isRequired: boolean): void {
  if (value === undefined) {
    if (isRequired) addIssue(issues, path, 'missing');
  } else if (typeof value !== 'string') addIssue(issues, path, 'not-a-string');
  else if (value === '') addIssue(issues, path, 'empty');
  else if (value.length > maxLength) addIssue(issues, path, 'too-long');
}

function checkString(value: unknown, path: string, issues: Issue[]): void {
  if (value !== undefined && typeof value !== 'string') addIssue(issues, path, 'not-a-string');
}

function checkBoolean(value: unknown, path: string, issues: Issue[]): void {
  if (value !== undefined && typeof value !== 'boolean') addIssue(issues, path, 'not-a-boolean');
}

/** Is there an object to look into? */
function checkObject(value: unknown, path: string, issues: Issue[]): value is Fields {
  if (value === undefined) return false;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return true;
  addIssue(issues, path, 'not-an-object');
  return false;
}
