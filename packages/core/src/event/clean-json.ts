import type { JsonValue } from './event.ts';

/** Why something was changed or left out to make a value fit for JSON. */
export type SanitizeReason =
  | 'bigint'
  | 'circular'
  | 'forbidden-key'
  | 'function'
  | 'not-a-number'
  | 'symbol'
  | 'too-deep'
  | 'too-large'
  | 'too-long'
  | 'unreadable';

/** Most objects and arrays inside one another, the outermost counted. */
export const maxCleanDepth = 10;
/** Most values at all levels together: a DOM node with its framework's inner life must not freeze the page. */
export const maxCleanValues = 2_000;
/** Longest string, UTF-16 code units. */
export const maxCleanLength = 8_192;

/** Anything with parts, read with care. */
interface Holder {
  readonly [key: string | number]: unknown;
}

/** Is it a key that could reach a prototype once somebody merges what was received? */
export function isForbiddenKey(key: string | number): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype';
}

function isObject(value: unknown): value is Holder {
  return typeof value === 'object' && value !== null;
}

/**
 * A copy of `value` that is fit for JSON and that later changes to `value` do not reach; `undefined` if nothing is left.
 *
 * It reads as `JSON.stringify` does: own enumerable keys, `toJSON` honoured, `undefined` left out (`null` in an array).
 * What JSON cannot say is left out too and `onSanitized` told why, save that a BigInt becomes its decimal text, NaN and
 * infinities `null`, a typed array an array, and that too long strings are cut between code points.
 *
 * Lone surrogates stay: `JSON.stringify` escapes them, so the text that travels is well-formed.
 *
 * It never throws, provided `onSanitized` does not.
 */
export function cleanJson(value: unknown, onSanitized: (reason: SanitizeReason) => void): JsonValue | undefined {
  const ancestors: unknown[] = [];
  let room = maxCleanValues;

  function sanitized(reason: SanitizeReason, instead?: JsonValue): JsonValue | undefined {
    onSanitized(reason);
    return instead;
  }

  // It reads the value itself, as `JSON.stringify` does: a getter that throws costs only its own property.
  function copy(holder: Holder, key: string | number, depth: number): JsonValue | undefined {
    if (room-- === 0) return sanitized('too-large');
    if (isForbiddenKey(key)) return sanitized('forbidden-key');
    try {
      let source = holder[key];
      if (isObject(source) && typeof source.toJSON === 'function') source = source.toJSON(key);
      if (typeof source === 'string') {
        if (source.length <= maxCleanLength) return source;
        return sanitized('too-long', source.slice(0, maxCleanLength).replace(/[\ud800-\udbff]$/, ''));
      }
      // `+ 0`: JSON has no negative zero.
      if (typeof source === 'number') return Number.isFinite(source) ? source + 0 : sanitized('not-a-number', null);
      if (typeof source === 'bigint') return sanitized('bigint', `${source}`);
      if (typeof source === 'function') return sanitized('function');
      if (typeof source === 'symbol') return sanitized('symbol');
      if (!isObject(source)) return source as boolean | null | undefined;

      ancestors.length = depth;
      if (ancestors.includes(source)) return sanitized('circular');
      if (depth === maxCleanDepth) return sanitized('too-deep');
      ancestors.push(source);

      if (Array.isArray(source) || ArrayBuffer.isView(source)) {
        const list: JsonValue[] = [];
        for (let index = 0; index < (source as Holder & unknown[]).length && room >= 0; index++) {
          list.push(copy(source, index, depth + 1) ?? null);
        }
        return list;
      }
      const object: Record<string, JsonValue> = {};
      for (const name of Object.keys(source)) {
        if (room < 0) break;
        const part = copy(source, name, depth + 1);
        if (part !== undefined) object[name] = part;
      }
      return object;
    } catch {
      return sanitized('unreadable');
    }
  }

  return copy({ '': value }, '', 0);
}
