export interface ServedPagesOptions {
  /** User agents that are no bots, whatever the list says: your own app's. */
  readonly except?: RegExp;
  /** What a path is counted as: `(path) => path.replace(/^\/orders\/.+/, '/orders/…')`. It is redacted before. */
  readonly path?: (path: string) => string;
}

const known: readonly string[] = ['except', 'path'];

/**
 * @param makers - what makes the trackers that fit, in words
 * @throws TypeError for no such tracker, and for an option that is unknown or not what it must be
 */
export function checkServedPages(tracker: unknown, options: ServedPagesOptions, makers: string): void {
  const wrong = (problem: string): never => {
    throw new TypeError(`servedPages: ${problem}`);
  };
  if (typeof (tracker as { readonly served?: unknown } | undefined)?.served !== 'function') {
    wrong(`expected a tracker of ${makers}`);
  }
  if (typeof options !== 'object' || options === null) wrong('expected options');
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  if (unknown !== undefined) wrong(`unknown option "${unknown}"; known are ${known.join(', ')}`);
  const { except, path } = options;
  if (except !== undefined && !(except instanceof RegExp)) wrong('"except" must be a regular expression');
  if (path !== undefined && typeof path !== 'function') wrong('"path" must be a function');
}
