/** Query strings and extensions are what block lists match, so an endpoint has neither. */
const endpointPattern = /^(https?:\/\/[^\s/?#@]+)?(\/[^\s/?#]+)*\/[^\s/?#.]+$/;

const types: { readonly [option: string]: 'string' | 'array' | 'object' | 'function' } = {
  endpoint: 'string',
  writeKey: 'string',
  capture: 'array',
  plugins: 'array',
  consent: 'object',
  purposeOf: 'function',
  outbox: 'object',
  queue: 'object',
  session: 'object',
  onDiagnostic: 'function',
  clock: 'object',
  transport: 'object',
};

const typeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

/** Throws an error that names the option which is unknown, of the wrong type, or no endpoint. */
export function checkOptions(options: { readonly [option: string]: unknown }): void {
  const fail = (option: string, expected: string, got: unknown): never => {
    throw new TypeError(`createTracker: ${option} must be ${expected}, got ${got}`);
  };
  if (typeOf(options) !== 'object') fail('options', 'object', typeOf(options));
  for (const [option, value] of Object.entries(options)) {
    const type = Object.hasOwn(types, option) && types[option];
    if (!type) fail('option', `one of ${Object.keys(types)}`, option);
    else if (value !== undefined && typeOf(value) !== type) fail(option, type, typeOf(value));
  }
  const { endpoint } = options;
  if (!endpointPattern.test(endpoint as string)) {
    fail('endpoint', 'a path like /api/j or an http(s) URL, without query or extension', JSON.stringify(endpoint));
  }
}
