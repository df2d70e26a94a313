import { isIP } from 'node:net';

/** One line of an access log in the combined format. https://httpd.apache.org/docs/current/logs.html#combined */
export interface AccessLine {
  readonly address: string;
  /** When, epoch milliseconds. */
  readonly at: number;
  readonly method: string;
  /** What was asked for: a path with its query, or a whole URL. */
  readonly target: string;
  readonly status: number;
  readonly referrer?: string;
  readonly userAgent?: string;
}

/** Address, two names, time, request, status, bytes, referrer, agent; servers may add what they like behind it. */
const linePattern =
  /^(\S+) (\S+) [^[]*\[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (?:\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"/;

const requestPattern = /^([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?$/;

/** `undefined` for what is no such line. */
export function parseCombined(line: string): AccessLine | undefined {
  const [whole, address = '', identity = '', time = '', request = '', status, referrer = '', userAgent = ''] =
    linePattern.exec(line) ?? [];
  const [, method, target] = requestPattern.exec(unescapeText(request)) ?? [];
  const at = timeOf(time);
  // With the site in front, as Apache's `vhost_combined` has it, everybody would be one visitor: that site.
  if (isIP(identity) !== 0) return undefined;
  if (whole === undefined || method === undefined || target === undefined || at === undefined) return undefined;
  return {
    address,
    at,
    method,
    target,
    status: Number(status),
    ...given('referrer', referrer),
    ...given('userAgent', userAgent),
  };
}

/** A dash stands for nothing. */
function given<Name extends string>(name: Name, text: string): { readonly [name in Name]?: string } {
  return text === '-' || text === '' ? {} : ({ [name]: unescapeText(text) } as { [name in Name]: string });
}

/** Apache writes `\"` and `\xhh`, nginx `\x22`. */
function unescapeText(text: string): string {
  return text.replaceAll(
    /(?:\\x[\da-f]{2})+|\\(.)/gi,
    (escaped, letter: string | undefined) => letter ?? Buffer.from(escaped.replaceAll(/\\x/gi, ''), 'hex').toString(),
  );
}

const timePattern = /^(\d{2})\/(\w{3})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})$/;

const months: readonly string[] = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function timeOf(text: string): number | undefined {
  const [, day, monthName = '', year, time, hours, minutes] = timePattern.exec(text) ?? [];
  const month = String(months.indexOf(monthName) + 1).padStart(2, '0');
  const at = Date.parse(`${year}-${month}-${day}T${time}${hours}:${minutes}`);
  return Number.isNaN(at) ? undefined : at;
}
