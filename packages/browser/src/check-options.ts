/** A path, or an http(s) URL with one. Query strings and extensions are what block lists match. */
const endpointPattern = /^(https?:\/\/[\w.:-]+)?(\/[\w.-]+)*\/[\w-]+$/;

/**
 * Throws an error that names the option which is no endpoint, unknown, or of the wrong kind.
 *
 * @param own - kinds of the options of what is not a page's tracker
 */
export function checkOptions(options: object, create = 'createTracker', own?: ReadonlyMap<string, string>): void {
  const pageKinds = new Map([
    ['endpoint', 'string'],
    ['writeKey', 'string'],
    ['capture', 'array'],
    ['plugins', 'array'],
    ['delivery', 'array'],
    ['storage', 'object'],
    ['consent', 'object'],
    ['queue', 'object'],
    ['session', 'object'],
    ['purposeOf', 'function'],
    ['onDiagnostic', 'function'],
  ]);
  const kinds = own ?? pageKinds;
  for (const [option, value] of Object.entries<unknown>({ endpoint: undefined, ...options })) {
    const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
    let expected = kinds.get(option) ?? `one of ${[...kinds.keys()].join(', ')}`;
    if (option === 'endpoint' && !endpointPattern.test(value as string)) {
      expected = 'a path like "/api/j", or an http(s) URL, without query and extension';
    } else if (kind === expected || (value === undefined && kinds.has(option))) continue;
    const got = typeof value === 'string' ? JSON.stringify(value) : kind;
    throw new TypeError(`${create}: ${option} is ${got}, expected ${expected}`);
  }
}
