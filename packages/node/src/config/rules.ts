import leven from 'leven';

/** What an option must be, in words, and whether a value is. */
export type Rule = readonly [expected: string, isValid: (value: unknown) => boolean];
export type Rules = { readonly [option: string]: Rule };

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const isFunction = (value: unknown): boolean => typeof value === 'function';
export const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
export const isAboveZero = (value: unknown): boolean => typeof value === 'number' && value > 0;
export const isWholeFromZero = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;
export const isOneOf =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);
export const isListOf =
  (isItem: (item: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(isItem);

/** A key that was put into the wrong place stays a secret. */
const secretOptions: ReadonlySet<string> = new Set(['keys', 'previous', 'identity', 'secretKey']);

/** @throws TypeError for the first option that is unknown, missing or not what it must be */
export function checkObject(where: string, value: unknown, rules: Rules, required: readonly string[]): void {
  if (!isObject(value)) throw new TypeError(`${where}: expected an object, got ${describe(value)}`);
  const unknown = Object.keys(value).find((option) => !Object.hasOwn(rules, option));
  if (unknown !== undefined) {
    const known = Object.keys(rules);
    const near = nearestOf(unknown, known);
    const hint = near === undefined ? '' : `; did you mean "${near}"?`;
    throw new TypeError(`${where}: unknown option "${unknown}"${hint}; known are ${known.join(', ')}`);
  }
  for (const [option, [words, isValid]] of Object.entries(rules)) {
    const given = value[option];
    if (given === undefined ? required.includes(option) : !isValid(given)) {
      const got = secretOptions.has(option) && typeof given === 'string' ? 'a text' : describe(given);
      throw new TypeError(`${where}: ${option}: expected ${words}, got ${got}`);
    }
  }
}

/** The known name that was probably meant; `undefined` if none is near. */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  const distanceTo = (other: string): number => leven(name.toLowerCase(), other.toLowerCase());
  const [nearest] = [...known].sort((one, other) => distanceTo(one) - distanceTo(other));
  // Two: as much as letters that changed places.
  const isNear = nearest !== undefined && distanceTo(nearest) <= (name.length < 4 ? 1 : Math.max(2, name.length / 3));
  return isNear ? nearest : undefined;
}

export function describe(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return JSON.stringify(value);
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
}
