/** What each option may be: a pattern for its kind, or for its text in quotes. */
const kinds: { readonly [option: string]: string } = {
  // An example first: this is also what an error says. Query strings and extensions are what block lists match.
  endpoint: '"/api/j"|"(https?://[\\w.:-]+)?(/[\\w.-]+)*/[\\w-]+"',
  writeKey: '".*"|undefined',
  capture: 'array|undefined',
  plugins: 'array|undefined',
  consent: 'object|undefined',
  queue: 'object|undefined',
  session: 'object|undefined',
  purposeOf: 'function|undefined',
  onDiagnostic: 'function|undefined',
};

/** Throws an error that names the option which is unknown, of the wrong kind, or no endpoint. */
export function checkOptions(options: object): void {
  for (const [option, value] of Object.entries<unknown>({ endpoint: null, ...options })) {
    const expected = kinds[option] ?? 'an option';
    const kind = Array.isArray(value) ? 'array' : typeof value;
    const got = kind === 'string' || value === null ? JSON.stringify(value) : kind;
    if (!new RegExp(`^(${expected})$`).test(got))
      throw new TypeError(`createTracker: ${option} is ${got}, not ${expected}`);
  }
}
