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
  | 'unreadable';

/** Most objects and arrays inside one another, the outermost counted. */
export const maxCleanDepth = 10;
/** Most values at all levels together: a DOM node with its framework's inner life must not freeze the page. */
export const maxCleanValues = 2_000;

/** Keys that could reach a prototype once somebody merges what was received. */
const forbiddenKey: RegExp = /^(__proto__|constructor|prototype)$/;

/** Anything that may be read by key. */
type Holder = { readonly [key: string]: unknown };

/**
 * A copy of `value` that is fit for JSON and that later changes to `value` do not reach; `undefined` if nothing is left.
 *
 * It reads as `JSON.stringify` does: own enumerable keys, `toJSON` honoured, `undefined` left out (`null` in an array).
 * What JSON cannot say is left out too and `onSanitized` told why, save that a BigInt becomes its decimal text, and NaN
 * and infinities `null`. Only a boxed primitive (`new Number(5)`) is no value to it, but an object like any other.
 *
 * Lone surrogates stay: `JSON.stringify` escapes them, so the text that travels is well-formed.
 *
 * It never throws, provided `onSanitized` does not. What that returns, nothing, takes the place of what is left out.
 */
export function cleanJson(value: unknown, onSanitized: (reason: SanitizeReason) => undefined): JsonValue | undefined {
  let room = maxCleanValues;

  // It reads the value itself, as `JSON.stringify` does: a getter that throws costs only its own property.
  function copy(holder: Holder, key: string, ancestors: readonly unknown[]): JsonValue | undefined {
    if (!room--) return onSanitized('too-large');
    if (forbiddenKey.test(key)) return onSanitized('forbidden-key');
    try {
      let part = holder[key];
      if (typeof (part as Holder | undefined)?.toJSON === 'function') part = (part as Date).toJSON(key);
      const kind = typeof part;
      if (kind === 'function' || kind === 'symbol') return onSanitized(kind);
      if (kind === 'bigint') return onSanitized(kind) ?? String(part);
      if (kind === 'number' && !Number.isFinite(part)) return onSanitized('not-a-number') ?? null;
      if (!part || kind !== 'object') return part as JsonValue;
      if (ancestors.includes(part)) return onSanitized('circular');
      if (ancestors.length === maxCleanDepth) return onSanitized('too-deep');

      const isList = Array.isArray(part);
      const copied: Record<string, JsonValue | undefined> = isList ? ([] as never) : {};
      const path = [...ancestors, part];
      for (const name of isList ? (part as unknown[]).keys() : Object.keys(part)) {
        if (room < 0) break;
        copied[name] = copy(part as Holder, name as string, path);
      }
      return copied;
    } catch {
      return onSanitized('unreadable');
    }
  }

  return copy({ '': value }, '', []);
}
