import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Diagnostic } from '@org/track-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bots } from './bots.ts';
import { createEnrich, type Enrichment, type Visitor } from './enrichment.ts';
import { geo } from './geo.ts';
import { mmdbFile } from './mmdb-file.ts';
import { remember } from './remember.ts';
import { userAgents } from './user-agents.ts';

const visitor = (about: { userAgent?: string; ip?: string }, headers: Record<string, string> = {}): Visitor => ({
  ...about,
  header: (name) => headers[name],
});

const chrome = (system: string, version = '125.0.0.0', rest = '') =>
  `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version} ${rest}Safari/537.36`;
const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1';
const windows = chrome('Windows NT 10.0; Win64; x64');
const android = chrome('Linux; Android 10; K', '125.0.0.0', 'Mobile ');

describe('userAgents', () => {
  test.each([
    {
      why: 'a telephone',
      userAgent: iphone,
      context: {
        browser: { name: 'Safari', version: '17.4' },
        os: { name: 'iOS', version: '17.4' },
        device: { type: 'mobile', manufacturer: 'Apple', model: 'iPhone' },
      },
    },
    {
      why: 'Chromium, whose version of Windows is always 10',
      userAgent: windows,
      headers: { 'sec-ch-ua-platform': '"Windows"' },
      context: { browser: { name: 'Chrome' }, os: { name: 'Windows' }, device: { type: 'desktop' } },
    },
    {
      why: 'Windows 11, where it was asked',
      userAgent: windows,
      headers: { 'sec-ch-ua-platform': '"Windows"', 'sec-ch-ua-platform-version': '"15.0.0"' },
      context: { os: { name: 'Windows', version: '11' } },
    },
    {
      why: 'Windows 10, where it was asked',
      userAgent: windows,
      headers: { 'sec-ch-ua-platform': '"Windows"', 'sec-ch-ua-platform-version': '"10.0.0"' },
      context: { os: { name: 'Windows', version: '10' } },
    },
    {
      why: 'Windows 7, which Chromium ran on until 2023',
      userAgent: windows,
      headers: { 'sec-ch-ua-platform': '"Windows"', 'sec-ch-ua-platform-version': '"0.1.0"' },
      context: { os: { name: 'Windows', version: '7' } },
    },
    {
      why: 'a model that only a hint tells',
      userAgent: android,
      headers: {
        'sec-ch-ua-platform': '"Android"',
        'sec-ch-ua-platform-version': '"14.0.0"',
        'sec-ch-ua-model': '"Pixel 8"',
        'sec-ch-ua-mobile': '?1',
      },
      context: { os: { name: 'Android', version: '14.0.0' }, device: { type: 'mobile', model: 'Pixel 8' } },
    },
    {
      why: 'an empty model is none',
      userAgent: windows,
      headers: { 'sec-ch-ua-model': '""' },
      context: { device: { type: 'desktop' } },
    },
    {
      why: 'a browser that calls itself Chrome, and says better in its hints',
      userAgent: windows,
      headers: { 'sec-ch-ua': '"Chromium";v="125", "Brave";v="125", "Not.A/Brand";v="24"' },
      context: { browser: { name: 'Brave' } },
    },
  ])('$why', ({ userAgent, headers = {}, context }) => {
    const found = userAgents().find(visitor({ userAgent }, headers));
    expect(found?.context).toMatchObject(context);
    if (!('version' in (context.os ?? { version: '' }))) expect(found?.context?.os).not.toHaveProperty('version');
    expect(JSON.stringify(found)).not.toContain('""');
  });

  test.each(['okhttp/4.9.3', 'MyApp/1 CFNetwork/1485 Darwin/23', ''])(
    'of what is no browser it says nothing: %s',
    (userAgent) => {
      expect(userAgents().find(visitor({ userAgent }))).toBeUndefined();
    },
  );

  test('the same agent with other hints is another visitor', () => {
    const { find } = userAgents();
    const os = (version: string) =>
      find(
        visitor({ userAgent: windows }, { 'sec-ch-ua-platform': '"Windows"', 'sec-ch-ua-platform-version': version }),
      );
    expect(os('"15.0.0"')).not.toEqual(os('"10.0.0"'));
    expect(os('"15.0.0"')).toEqual(os('"14.0.0"'));
  });
});

describe('bots', () => {
  test.each([
    { userAgent: 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', name: 'Googlebot' },
    {
      userAgent: `${chrome('X11; Linux x86_64')} (compatible; GPTBot/1.2; +https://openai.com/gptbot)`,
      name: 'GPTBot',
    },
    { userAgent: chrome('X11; Linux x86_64').replace('Chrome', 'HeadlessChrome'), name: 'HeadlessChrome' },
    {
      userAgent: 'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
      name: 'facebookexternalhit',
    },
    { userAgent: 'curl/8.5.0', name: 'curl' },
    { userAgent: windows, name: undefined },
    { userAgent: iphone, name: undefined },
    { userAgent: '', name: undefined },
  ])('$userAgent is $name', ({ userAgent, name }) => {
    expect(bots().find(visitor({ userAgent }))?.context?.bot).toEqual(name === undefined ? undefined : { name });
    expect(bots({ drop: true }).find(visitor({ userAgent }))?.drop).toBe(name === undefined ? undefined : 'bot');
  });

  test('the site’s own are none, again and again', () => {
    const { find } = bots({ drop: true, except: /okhttp/g });
    for (let time = 0; time < 3; time++)
      expect(find(visitor({ userAgent: `okhttp/4.9.${time}` }))?.drop).toBeUndefined();
    expect(find(visitor({ userAgent: 'curl/8.5.0' }))?.drop).toBe('bot');
  });
});

describe('geo', () => {
  let folder: string;
  let file: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'geo-'));
    file = join(folder, 'city.mmdb');
    const lisbon = {
      city: { names: { en: 'Lisbon', pt: 'Lisboa' } },
      country: { iso_code: 'PT', names: { en: 'Portugal' } },
      subdivisions: [{ iso_code: '11', names: { en: 'Lisbon District' } }],
      location: { time_zone: 'Europe/Lisbon' },
    };
    writeFileSync(
      file,
      mmdbFile({
        '203.0.113.64/26': lisbon,
        '198.51.100.0/24': { country: { iso_code: 'DE', names: { en: 'Germany' } } },
        '192.0.2.0/24': { traits: { note: 'no place' } },
        '2001:db8:abcd::/48': { country: { iso_code: 'JP', names: { en: 'Japan' } } },
      }),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    {
      ip: '203.0.113.77',
      location: {
        country: 'Portugal',
        countryCode: 'PT',
        region: 'Lisbon District',
        city: 'Lisbon',
        timezone: 'Europe/Lisbon',
      },
    },
    { ip: '203.0.113.1', location: undefined },
    { ip: '198.51.100.9', location: { country: 'Germany', countryCode: 'DE' } },
    { ip: '192.0.2.1', location: undefined },
    { ip: '2001:db8:abcd:12::9', location: { country: 'Japan', countryCode: 'JP' } },
    { ip: undefined, location: undefined },
  ])('$ip is in $location.country', ({ ip, location }) => {
    expect(geo({ file }).find(visitor(ip === undefined ? {} : { ip }))?.context?.location).toEqual(location);
  });

  test('a file of IPv4 alone is not asked for IPv6', () => {
    const v4 = join(folder, 'v4.mmdb');
    writeFileSync(v4, mmdbFile({ '32.1.13.184/32': { country: { iso_code: 'US' } } }, 4));
    const { find } = geo({ file: v4 });
    expect(find(visitor({ ip: '32.1.13.184' }))?.context?.location).toEqual({ countryCode: 'US' });
    expect(find(visitor({ ip: '2001:db8::' }))).toBeUndefined(); // the same first bits
  });

  test.each([
    { why: 'missing', make: () => join(folder, 'nowhere.mmdb') },
    {
      why: 'something else',
      make: () => {
        const other = join(folder, 'other.mmdb');
        writeFileSync(other, 'no such database'.repeat(100));
        return other;
      },
    },
  ])('a file that is $why is told at set-up', ({ make }) => {
    expect(() => geo({ file: make() })).toThrow(/^geo: cannot read ".*\.mmdb": /);
  });
});

describe('several', () => {
  test('are joined; the later has the last word; one that drops ends it', () => {
    const enrich = createEnrich(
      [
        { name: 'a', find: () => ({ context: { a: 1, b: 1 } }) },
        { name: 'b', find: () => undefined },
        { name: 'c', find: () => ({ context: { b: 2 } }) },
      ],
      undefined,
    );
    expect(enrich(visitor({}))).toEqual({ context: { a: 1, b: 2 } });
    expect(createEnrich([{ name: 'a', find: () => ({ drop: 'bot' }) }], undefined)(visitor({}))).toEqual({
      drop: 'bot',
    });
  });

  test('one that throws costs nothing but its finding, and is told once, without what it saw', () => {
    const heard: Diagnostic[] = [];
    const broken = {
      name: 'mine',
      find: ({ ip }: Visitor): never => {
        throw new RangeError(`cannot read ${ip}`);
      },
    };
    const enrich = createEnrich([broken, { name: 'b', find: () => ({ context: { b: 2 } }) }], (diagnostic) =>
      heard.push(diagnostic),
    );
    for (let time = 0; time < 3; time++) expect(enrich(visitor({ ip: '203.0.113.7' }))).toEqual({ context: { b: 2 } });
    expect(heard).toEqual([{ code: 'enrichment-failed', detail: 'mine: RangeError' }]);
  });

  test('one that answers later finds nothing, is told once, and what it rejects with is not the host’s', async () => {
    const heard: Diagnostic[] = [];
    const late = { name: 'mine', find: async (): Promise<never> => Promise.reject(new Error('down')) };
    const enrich = createEnrich([late as unknown as Enrichment], (diagnostic) => heard.push(diagnostic));
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    for (let time = 0; time < 3; time++) expect(enrich(visitor({}))).toEqual({ context: {} });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(heard).toEqual([{ code: 'enrichment-failed', detail: 'mine: Promise' }]);
  });
});

test('answers are remembered up to a number, and the oldest forgotten', () => {
  const asked: string[] = [];
  const find = remember(2, (question) => asked.push(question));
  for (const question of ['a', 'a', 'b', 'b', 'c', 'b', 'a']) find(question);
  expect(asked).toEqual(['a', 'b', 'c', 'a']);
});
