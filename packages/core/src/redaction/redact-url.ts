import { clickPlatform } from '../attribution/click-ids.ts';
import { attempt } from '../runtime/attempt.ts';
import { redactText } from './redact-text.ts';

export interface RedactUrlOptions {
  /** Whether the ids that advertisers add to links stay. They are about a person: keep them with consent only. Default false. */
  readonly keepsClickIds?: boolean;
}

/**
 * Takes out of a URL, whole or only a part of it (`/path`, `?query`), what may be about a person or open a door: names and
 * passwords before the host, fragments made of keys and values, parameters whose name says so (`token`, `email` …), and
 * whatever `redactText` knows in a step of the path or in a value. `utm_*` keep their values unless these look personal.
 *
 * A parameter keeps its name, `token=[redacted]`, so that pages still group; a click id that does not stay is gone
 * altogether. Of addresses that are no places (`mailto:`, `tel:`, `data:` …) the scheme is left.
 */
export function redactUrl(url: string, options: RedactUrlOptions = {}): string {
  return redactParts(url, options, 2);
}

/**
 * Scheme, authority, path, query, fragment: each may be missing, so all texts match. What is blank before it belongs to no
 * address, and attributes have it.
 */
const partsPattern = /^([\0-\x20]*(?:[a-z][a-z\d+.-]*:)?)(\/\/[^/?#\\]*)?([^?#]*)(\?[^#]*)?(#.*)?$/is;

/** @param depth - how many URLs inside one another are looked into */
function redactParts(url: string, options: RedactUrlOptions, depth: number): string {
  const [, scheme = '', authority = '', path = '', query, fragment] = partsPattern.exec(url) ?? [];
  if (noPlacePattern.test(scheme)) return `${scheme}[redacted]`;

  const parameters = (list: string, separator: string): string =>
    list
      .split(separator)
      .map((parameter) => redactParameter(parameter, options, depth))
      .filter((parameter) => parameter !== undefined)
      .join(separator);
  const steps = (text: string): string =>
    text
      .split('/')
      .map((step) => {
        const [name = '', ...rest] = step.split(';');
        return [redactEncoded(name), ...(rest.length > 0 ? [parameters(rest.join(';'), ';')] : [])].join(';');
      })
      .join('/');

  const kept = parameters((query ?? '').slice(1), '&');
  return [
    scheme,
    authority.replace(/^\/\/.*@/s, '//'),
    steps(path),
    // `/search?` stays what it is.
    query === undefined || (!kept && query !== '?') ? '' : `?${kept}`,
    // Log-ins hand over tokens there.
    fragment === undefined || fragment.includes('=') ? '' : `#${steps(fragment.slice(1))}`,
  ].join('');
}

/** Behind these stands a person, a text, or a folder of somebody's own. */
const noPlacePattern = /^[\0-\x20]*(?:mailto|tel|sms|callto|facetime|skype|data|blob|javascript|file):$/i;

/** `name=value`; undefined if it goes altogether. */
function redactParameter(parameter: string, options: RedactUrlOptions, depth: number): string | undefined {
  const [, name = '', hasValue, value = ''] = /^([^=]*)(=?)(.*)$/s.exec(parameter) ?? [];
  const key = decode(name);
  if (clickPlatform(key)) return options.keepsClickIds ? parameter : undefined;
  const shown = isPersonal(name, options, depth) ? '[redacted]' : name;
  if (!hasValue) return shown;
  const isSecret = value && (isSensitive(key) || isPersonal(value, options, depth));
  return `${shown}=${isSecret ? '[redacted]' : value}`;
}

function isPersonal(written: string, options: RedactUrlOptions, depth: number): boolean {
  const text = decode(written);
  // Forms write a space as a plus. One that begins something was `%2B`.
  const spaced = text.replace(/([\w).-])\+/g, '$1 ');
  return (
    redactText(text) !== text ||
    (spaced !== text && redactText(spaced) !== spaced) ||
    (depth > 0 && /^(?:https?:\/)?\/|\?/i.test(text) && redactParts(text, options, depth - 1) !== text)
  );
}

/** A step of a path: what is personal in it is written without escapes, everything else as it was. */
function redactEncoded(step: string): string {
  const text = decode(step);
  const redacted = redactText(text);
  return redacted === text ? step : redacted.replace(escapedPattern, encodeURIComponent);
}

/** What addresses escape, whole characters of it. */
const escapedPattern = /[\0-\x20"#/;<>?^`{|}\x7f]|[^\0-\x7f\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff]/g;

/** What `%40` and `%2540` stand for, and `%C3%BC`. What is malformed stays. */
function decode(text: string): string {
  const once = (encoded: string): string =>
    encoded.replace(
      /%[0-7][\da-f]|%[c-f][\da-f](?:%[89ab][\da-f]){1,3}/gi,
      (found) => attempt(() => decodeURIComponent(found)) ?? found,
    );
  return text.includes('%') ? once(once(text)) : text;
}

/** Wherever it stands in a name. */
const sensitivePattern =
  /token|secret|session|passw|bearer|saml|csrf|xsrf|credential|cookie|email|birth|address|phonenumber|(?:user|first|last|full|sur|nick)name|api_?key|authori[sz]ation|zipcode|postal|postcode/i;

/** Too short to be looked for inside of other words: `author`, `keyword`, `platform`, `hotel`, `shopping`, `lesson`. */
const sensitiveWordPattern =
  /(?:^|[^a-z])(?:o?auth|sso|otp|pin|ssn|sid|pwd|key|jwt|identity|code|state|nonce|iban|card|cvv|cvc|dob|mail|phone|tel|name|first|last|zip|lat|lng)(?![a-z])/i;

function isSensitive(key: string): boolean {
  if (/^utm_/i.test(key)) return false;
  return sensitivePattern.test(key) || sensitiveWordPattern.test(key.replace(/([a-z\d])([A-Z])/g, '$1_$2'));
}
