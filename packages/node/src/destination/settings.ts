import { nearestOf } from '../config/rules.ts';

/** One setting of a destination, as data: checked at set-up, told in the documentation. */
export interface Setting {
  readonly kind: 'text' | 'secret' | 'url' | 'flag' | 'number' | 'choice' | 'names';
  /** What it is, for people: one sentence without its dot. */
  readonly text: string;
  readonly isRequired?: boolean;
  /** What a text or secret must look like, and in words. */
  readonly pattern?: readonly [pattern: RegExp, words: string];
  readonly choices?: readonly string[];
  /** What it is when nobody says, in words or as it is. */
  readonly standard?: string;
}

export type Settings = { readonly [option: string]: Setting };

type Check = readonly [words: string, isValid: (value: unknown, setting: Setting) => boolean];

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const matches = (value: unknown, { pattern }: Setting): boolean =>
  isText(value) && (pattern === undefined || pattern[0].test(value));

const checks: { readonly [kind in Setting['kind']]: Check } = {
  text: ['a text that is not empty', matches],
  secret: ['a text that is not empty', matches],
  url: [
    'an absolute http or https URL',
    (value) => isText(value) && /^https?:$/.test(URL.parse(value)?.protocol ?? ''),
  ],
  flag: ['true or false', (value) => typeof value === 'boolean'],
  number: ['a number above 0', (value) => typeof value === 'number' && value > 0],
  choice: ['', (value, { choices = [] }) => choices.includes(value as string)],
  names: ['a list of texts', (value) => Array.isArray(value) && value.every(isText)],
};

/**
 * Checks a destination's options. What a secret is never shows in an error.
 *
 * @param others - options that exist too, and are checked elsewhere
 * @throws TypeError for the first option that is unknown, missing or not what it must be
 */
export function checkSettings(
  where: string,
  options: unknown,
  settings: Settings,
  others: readonly string[] = [],
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${where}: expected an object with options`);
  }
  const given = options as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((option) => !Object.hasOwn(settings, option));
  if (unknown !== undefined) {
    const known = [...Object.keys(settings), ...others];
    const near = nearestOf(unknown, known);
    const hint = near === undefined ? '' : `; did you mean "${near}"?`;
    throw new TypeError(`${where}: unknown option "${unknown}"${hint}; known are ${known.join(', ')}`);
  }
  for (const [option, setting] of Object.entries(settings)) {
    const value = given[option];
    const [words, isValid] = checks[setting.kind];
    if (value === undefined ? setting.isRequired !== true : isValid(value, setting)) continue;
    const expected = setting.pattern?.[1] ?? setting.choices?.map((choice) => `"${choice}"`).join(' or ') ?? words;
    throw new TypeError(`${where}: ${option}: expected ${expected}, got ${shown(value, setting)}`);
  }
}

function shown(value: unknown, { kind }: Setting): string {
  if (typeof value === 'string') return kind === 'secret' || kind === 'url' ? 'another text' : JSON.stringify(value);
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
}
