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

/** Keys that could reach a prototype once somebody merges what was received. */
const forbiddenKey = /^(__proto__|constructor|prototype)$/;

/** Is it such a key? */
export function isForbiddenKey(key: string | number): boolean {
  return forbiddenKey.test(`${key}`);
}

/** Anything that may be read by key. */
interface Holder {
  readonly [key: string | number]: unknown;
}

/**
 * A copy of `value` that is fit for JSON and that later changes to `value` do not reach; `undefined` if nothing is left.
 *
 * It reads as `JSON.stringify` does: own enumerable keys, `toJSON` honoured, `undefined` left out (`null` in an array).
 * What JSON cannot say is left out too and `onSanitized` told why, save that a BigInt becomes its decimal text, NaN and
 * infinities `null` and that too long strings are cut between code points.
 *
 * Lone surrogates stay: `JSON.stringify` escapes them, so the text that travels is well-formed.
 *
 * It never throws, provided `onSanitized` does not.
 */
export function cleanJson(value: unknown, onSanitized: (reason: SanitizeReason) => void): JsonValue | undefined {
  const ancestors: unknown[] = [];
  let room = maxCleanValues;

  // It reads the value itself, as `JSON.stringify` does: a getter that throws costs only its own property.
  function copy(holder: Holder, key: string | number, depth: number): JsonValue | undefined {
    const sanitized = (reason: SanitizeReason, instead?: JsonValue): JsonValue | undefined => {
      onSanitized(reason);
      return instead;
    };
    if (!room--) return sanitized('too-large');
    if (isForbiddenKey(key)) return sanitized('forbidden-key');
    try {
      let part: unknown = holder[key];
      const { toJSON } = (part ?? {}) as { readonly toJSON?: unknown };
      if (typeof toJSON === 'function') part = toJSON.call(part, key);
      const type = typeof part;
      if (type === 'function' || type === 'symbol') return sanitized(type);
      if (type === 'bigint') return sanitized(type, `${part}`);
      // `+ 0`: JSON has no negative zero.
      if (type === 'number') return Number.isFinite(part) ? (part as number) + 0 : sanitized('not-a-number', null);
      if (type === 'string') {
        const text = part as string;
        if (text.length <= maxCleanLength) return text;
        // No half of a code point at the end.
        return sanitized('too-long', text.slice(0, maxCleanLength).replace(/[\ud800-\udbff]$/, ''));
      }
      if (type !== 'object' || !part) return part as boolean | null | undefined;

      ancestors.length = depth;
      if (ancestors.includes(part)) return sanitized('circular');
      if (depth === maxCleanDepth) return sanitized('too-deep');
      ancestors.push(part);

      const isList = Array.isArray(part);
      const copied: Record<string | number, JsonValue> = isList ? ([] as never) : {};
      for (const name of isList ? (part as unknown[]).keys() : Object.keys(part)) {
        if (room < 0) break;
        const value = copy(part as Holder, name, depth + 1);
        if (isList || value !== undefined) copied[name] = value ?? null;
      }
      return copied as JsonValue;
    } catch {
      return sanitized('unreadable');
    }
  }

  return copy({ '': value }, '', 0);
}
