/**
 * Replaces what may be about a person, or may open a door, by what it was: `[email]`, `[token]`, `[iban]`, `[card]`,
 * `[phone]`, `[number]`, `[ip]`, and `[redacted]` behind a word like `password=`.
 *
 * For texts that were not written to be recorded: titles, messages of errors, parts of URLs. It knows the look of things
 * only: names of people stay, and so do UUIDs and numbers of up to ten digits, which pages and articles have too.
 *
 * What it wrote is not taken for personal again. The time it takes grows with the length of the text and no faster: each
 * pattern has bounds, or starts only where the one before it ended.
 */
export function redactText(text: string): string {
  // Nothing personal is shorter than `a@b.cc`. That, and asking for the sign first, makes it several times faster.
  if (text.length < 6) return text;
  return (text.includes('@') ? text.replace(emailPattern, '[email]') : text)
    .replace(secretPattern, '$1[redacted]')
    .replace(jwtPattern, '$1[token]')
    .replace(ibanPattern, (found) => (isIban(found) ? '[iban]' : found))
    .replace(wordPattern, (word) => (isOpaque(word) ? '[token]' : word))
    .replace(phonePattern, '[phone]')
    .replace(cardPattern, (found) => (isCard(found) ? '[card]' : found))
    .replace(numberPattern, (found) => (uuidPattern.test(found) ? found : '[number]'))
    .replace(ipPattern, '[ip]');
}

/** A secret that says so, as in JSON, also within JSON, in forms and in logs. */
const secretPattern =
  /\b([\w-]{0,24}(?:passw(?:or)?d|secret|token|api[_-]?key)\\{0,3}["']?(?:\s?[=:]\s?(?=\\{0,3}["'])|=))(?!\[redacted\])(?:\\{1,3}(?:"[^"]*"?|'[^']*'?)|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s"'&;,)]+)/gis;

/** Any script's letters, but no `icon@2x.png` and no `package@1.2.3`. */
const emailPattern =
  /[^\s"<>()[\]:;,\\@/=?&]{1,64}@(?!\dx\.(?:avif|gif|jpe?g|png|svg|webp)\b)(?:[\p{L}\p{N}_-]{1,63}\.){1,8}\p{L}[\p{L}\p{N}-]{1,62}/gu;

const jwtPattern = /(^|[^\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*/g;

const ibanPattern = /\b[A-Z]{2}\d\d(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?\b/g;

const wordPattern = /[\w-]{16,}/g;

/** With a country's code; without one it is a number like any other. */
const phonePattern = /(?:\+|\b00)[1-9](?:[ ().-]{0,2}\d){7,13}/g;

const cardPattern = /\b\d(?:[ -]?\d){12,18}\b/g;

const uuidPattern = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Long ones, as national ids are, and the social security numbers of the USA; a UUID may end in a long one. */
const numberPattern = /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b|\d{11,}|\b\d{3}-\d\d-\d{4}\b/gi;

const ipPattern =
  /\b\d{1,3}(?:\.\d{1,3}){3}\b|(?:\b[\da-f]{1,4})?:(?:[\da-f]{0,4}:){2,6}[\da-f]{1,4}\b(?:\.\d{1,3}){0,3}/gi;

/**
 * Whether it looks made by chance: letters of both cases and digits in turns, or long with digits among its letters. Words
 * run on: `Uint8ClampedArray` changes every third character, what is random every second.
 */
function isOpaque(word: string): boolean {
  if (uuidPattern.test(word)) return false;
  if (/[a-z\d]{32}/i.test(word) && /\d/.test(word)) return true;
  const runs = word.match(/[a-z]+|[A-Z]+|\d+/g) ?? [];
  const characters = runs.join('').length;
  return characters >= 16 && characters < 2.2 * runs.length;
}

/** Luhn's check. https://en.wikipedia.org/wiki/Luhn_algorithm */
function isCard(found: string): boolean {
  const digits = [...found.replace(/\D/g, '')].reverse().map(Number);
  const sum = digits.reduce((total, digit, at) => total + (at % 2 ? (digit * 2) % 9 || digit : digit), 0);
  return sum % 10 === 0;
}

/** ISO 13616: with the first four characters last and letters as numbers, it leaves 1 divided by 97. */
function isIban(found: string): boolean {
  const [, head = '', rest = ''] = /^(....)(.*)$/.exec(found.replaceAll(' ', '')) ?? [];
  let remainder = 0;
  for (const character of rest + head) {
    for (const digit of String(Number.parseInt(character, 36))) remainder = (remainder * 10 + Number(digit)) % 97;
  }
  return remainder === 1;
}
