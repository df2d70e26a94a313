/** Query strings and extensions are what block lists match, so an endpoint has neither. */
const endpointPattern = /^(https?:\/\/[^\s/?#@]+)?(\/[^\s/?#]+)*\/[^\s/?#.]+$/;

const types: { readonly [option: string]: string | undefined } = {
  endpoint: 'string',
  writeKey: 'string',
  capture: 'array',
  plugins: 'array',
  consent: 'object',
  queue: 'object',
  session: 'object',
  purposeOf: 'function',
  onDiagnostic: 'function',
};

const typeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

/** Throws an error that names the option which is unknown, of the wrong type, or no endpoint. */
export function checkOptions(options: { readonly [option: string]: unknown }): void {
  const expect = (option: string, expected: unknown, got: unknown, isRight = expected === got): void => {
    if (!isRight) throw new TypeError(`createTracker: ${option} must be ${expected}, got ${got}`);
  };
  expect('options', 'object', typeOf(options));
  for (const [option, value] of Object.entries(options)) {
    expect('option', `one of ${Object.keys(types)}`, option, Object.hasOwn(types, option));
    if (value !== undefined) expect(option, types[option], typeOf(value));
  }
  const endpoint = `${options.endpoint}`;
  const expected = 'a path like /api/j or an http(s) URL, without query or extension';
  expect('endpoint', expected, JSON.stringify(endpoint), endpointPattern.test(endpoint));
}
