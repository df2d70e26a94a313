import { identityWords, isIdentityOptions } from './identity/identity-cookie.ts';

/** What an option must be, in words, and whether a value is. */
type Rule = readonly [expected: string, isValid: (value: unknown) => boolean];

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isFunction = (value: unknown): boolean => typeof value === 'function';
const has =
  (method: string) =>
  (value: unknown): boolean =>
    isObject(value) && isFunction(value[method]);

const isAtLeast = (value: unknown, least: number): value is number =>
  typeof value === 'number' && value >= least && value < Number.POSITIVE_INFINITY;
const wholeNumber: Rule = ['a whole number above 0', (value) => Number.isInteger(value) && isAtLeast(value, 1)];
const anyWait: Rule = ['milliseconds, 0 or more', (value) => isAtLeast(value, 0)];
const someWait: Rule = ['milliseconds above 0', (value) => isAtLeast(value, 0) && value > 0];

type Rules = { readonly [option: string]: Rule };

const rulesOfQueue: Rules = {
  maxEvents: wholeNumber,
  maxBytes: wholeNumber,
  maxWaitMs: anyWait,
  concurrency: wholeNumber,
  timeoutMs: someWait,
  baseDelayMs: anyWait,
  maxDelayMs: anyWait,
};

const rules: Rules = {
  endpoint: ['an absolute http or https URL without credentials', isEndpoint],
  writeKey: ['a text that is not empty', (value) => typeof value === 'string' && value !== ''],
  plan: ['a plan made by definePlan', (value) => isObject(value) && isObject(value.events)],
  consent: ['answers by category (functional, analytics, advertising), such as { analytics: true }', isPreferences],
  identity: [identityWords, isIdentityOptions],
  ip: ['"truncated", "full" or "none"', (value) => ['truncated', 'full', 'none'].includes(value as string)],
  plugins: ['a list of plugins', (value) => Array.isArray(value) && value.every(isObject)],
  queue: ['an object with limits', isObject],
  outbox: ['an outbox', has('pull')],
  maxQueued: wholeNumber,
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
  check(options, known, rules, where);
  if (isObject(options.queue)) check(options.queue, Object.keys(rulesOfQueue), rulesOfQueue, where, 'queue.');
  if (options.outbox !== undefined && options.maxQueued !== undefined) {
    throw new TypeError(`${where}: "maxQueued" bounds the default outbox; it has no meaning beside "outbox"`);
  }
}

/** @param prefix - what the options are part of, with a point */
function check(
  options: Record<string, unknown>,
  known: readonly string[],
  rules: Rules,
  where: string,
  prefix: string = '',
): void {
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  if (unknown !== undefined) {
    throw new TypeError(`${where}: unknown option "${prefix}${unknown}"; known are ${known.join(', ')}`);
  }
  for (const option of known) {
    const [expected, isValid] = rules[option] as Rule;
    const value = options[option];
    const isMissing = value === undefined && prefix === '' && required.includes(option);
    if (isMissing || (value !== undefined && !isValid(value))) {
      throw new TypeError(`${where}: "${prefix}${option}" must be ${expected}, got ${describe(option, value)}`);
    }
  }
}

function isEndpoint(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

function isPreferences(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.entries(value).every(
      ([category, answer]) =>
        ['functional', 'analytics', 'advertising'].includes(category) &&
        (answer === undefined || typeof answer === 'boolean'),
    )
  );
}

/** Keys are secrets, and so are credentials in an address: they never show. */
function describe(option: string, value: unknown): string {
  if (typeof value === 'string' && option !== 'writeKey' && option !== 'identity') {
    return JSON.stringify(value.replace(/:.*@/s, ':…@'));
  }
  if (typeof value === 'number') return String(value);
  return value === '' ? 'an empty text' : value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
}
