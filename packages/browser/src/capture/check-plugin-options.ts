/** What each option of a plugin has to be, in words, and whether what was given is. */
type Expectations = { readonly [option: string]: readonly [isFine: boolean, expected: string] };

/** Throws an error that names the option which is unknown or of the wrong kind. For development only. */
export function checkPluginOptions(plugin: string, options: object, expectations: Expectations): void {
  for (const [option, value] of Object.entries<unknown>({ ...options })) {
    const known = Object.keys(expectations);
    const [isFine, expected] = expectations[option] ?? [false, `one of ${known.join(', ')}`];
    if (isFine || (value === undefined && known.includes(option))) continue;
    throw new TypeError(`${plugin}: ${option} is ${JSON.stringify(value) ?? typeof value}, expected ${expected}`);
  }
}
