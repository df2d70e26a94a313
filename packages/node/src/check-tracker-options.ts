import { identityWords, isIdentityOptions } from './identity/identity-cookie.ts';

/** What an option must be, in words, and whether a value is. */
type Rule = readonly [expected: string, isValid: (value: unknown) => boolean];

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isFunction = (value: unknown): boolean => typeof value === 'function';
const has =
  (method: string) =>
  (value: unknown): boolean =>
    isObject(value) && isFunction(value[method]);

const rules: { readonly [option: string]: Rule } = {
  endpoint: ['an absolute http or https URL without credentials', isEndpoint],
  writeKey: ['a text that is not empty', (value) => typeof value === 'string' && value !== ''],
  plan: ['a plan made by definePlan', (value) => isObject(value) && isObject(value.events)],
  consent: ['answers by category, such as { analytics: true }', isPreferences],
  identity: [identityWords, isIdentityOptions],
  ip: ['"truncated", "full" or "none"', (value) => ['truncated', 'full', 'none'].includes(value as string)],
  plugins: ['a list of plugins', (value) => Array.isArray(value) && value.every(isObject)],
  queue: ['an object with limits', isObject],
  outbox: ['an outbox', has('pull')],
  maxQueued: ['a whole number above 0', (value) => Number.isInteger(value) && (value as number) > 0],
  onDiagnostic: ['a function', isFunction],
  clock: ['a clock', has('after')],
  transport: ['a transport', has('send')],
  random: ['a function', isFunction],
};

const required = ['endpoint', 'writeKey'];

/** What a tracker takes that lives as long as one request. */
export const workerOptions: readonly string[] = [
  'endpoint',
  'writeKey',
  'plan',
  'consent',
  'identity',
  'ip',
  'plugins',
  'transport',
  'onDiagnostic',
];

/** Throws for the first option of `where` that is unknown, missing or not what it must be. */
export function checkTrackerOptions(
  options: unknown,
  where: string = 'createTracker',
  known: readonly string[] = Object.keys(rules),
): void {
  if (!isObject(options))
    throw new TypeError(`${where}: expected options, got ${options === null ? 'null' : typeof options}`);
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  if (unknown !== undefined) {
    throw new TypeError(`${where}: unknown option "${unknown}"; known are ${known.join(', ')}`);
  }
  for (const option of known) {
    const [expected, isValid] = rules[option] as Rule;
    const value = options[option];
    if (value === undefined ? required.includes(option) : !isValid(value)) {
      throw new TypeError(`${where}: "${option}" must be ${expected}, got ${describe(option, value)}`);
    }
  }
  if (options.outbox !== undefined && options.maxQueued !== undefined) {
    throw new TypeError(`${where}: "maxQueued" bounds the default outbox; it has no meaning beside "outbox"`);
  }
}

function isEndpoint(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

function isPreferences(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((answer) => answer === undefined || typeof answer === 'boolean');
}

/** Keys are secrets: their values never show. */
function describe(option: string, value: unknown): string {
  if (typeof value === 'string' && option !== 'writeKey' && option !== 'identity') return JSON.stringify(value);
  return value === '' ? 'an empty text' : value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
}
