import { type Device, deviceCookieName, formatDevice, readDevice } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { hostOnly, rootDomain } from './root-domain.ts';
import type { Remembering, StoragePart } from './storage-part.ts';

const publicSuffixes = ['com', 'uk', 'co.uk', 'io', 'github.io', 'localhost'];

/** The cookies of one browser, for one page, by `name @domain`: what RFC 6265 and the Public Suffix List make of them. */
interface Jar {
  readonly cookies: Map<string, string>;
  readonly writes: string[];
  refuses: boolean;
}

let jar: Jar;
let hosts = 0;

/** The page is of this host from now on, and cookies are those of the jar. */
function visit(hostname: string): void {
  vi.spyOn(location, 'hostname', 'get').mockReturnValue(hostname);
  vi.spyOn(document, 'cookie', 'get').mockImplementation(() =>
    [...jar.cookies]
      .filter(([key]) => {
        const [, domain = ''] = key.split(' ');
        return domain.startsWith('=') ? domain === `=${hostname}` : `.${hostname}`.endsWith(`.${domain}`);
      })
      .map(([key, value]) => `${key.split(' ')[0]}=${value}`)
      .join('; '),
  );
  vi.spyOn(document, 'cookie', 'set').mockImplementation((text) => {
    jar.writes.push(text);
    const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(text) ?? [];
    const domain = /; Domain=([^;]*)/.exec(text)?.[1];
    const isOwn = !domain || `.${hostname}`.endsWith(`.${domain}`);
    if (jar.refuses || !isOwn || (domain && domain !== hostname && publicSuffixes.includes(domain))) return;
    const key = `${name} ${domain ?? `=${hostname}`}`;
    if (text.includes('Max-Age=-1')) jar.cookies.delete(key);
    else jar.cookies.set(key, value);
  });
}

/** A host nobody asked about before: what was found out is kept for the page's life. */
const freshSite = (suffix = 'co.uk'): string => `shop${hosts++}.${suffix}`;

const storeOf = (part: StoragePart) => {
  const { store } = part as Remembering;
  if (!store) throw new Error('no store');
  return store;
};
const cookieText = (device: Device): string => formatDevice(device).slice(deviceCookieName.length + 1);
const devices = () =>
  Object.fromEntries(
    [...jar.cookies].map(([key, value]) => [key, readDevice(`${key.split(' ')[0]}=${value}`) as Device]),
  );
const probes = (): readonly string[] => jar.writes.filter((text) => !text.startsWith(`${deviceCookieName}=`));

const yes = [{ analytics: true }, 1_000] as const;
const device: Device = { consent: yes, anonymousId: 'a1' };

beforeEach(() => {
  jar = { cookies: new Map(), writes: [], refuses: false };
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the cookie of a site', () => {
  test('is the same for all its hosts, and on no suffix', () => {
    const site = freshSite();
    visit(`app.${site}`);
    storeOf(rootDomain()).save(device);
    expect([...jar.cookies.keys()]).toEqual([`jn ${site}`]);
    visit(`www.${site}`);
    expect(storeOf(rootDomain()).load()).toEqual(device);
    const kept = jar.writes.filter((text) => text.startsWith('jn=1'));
    expect(kept.filter((text) => /Domain=(co\.)?uk(;|$)/.test(text))).toEqual([]);
  });

  test.each([
    {
      why: 'a site below a private suffix',
      host: (name: string) => `${name}.github.io`,
      domain: (name: string) => name,
    },
    { why: 'a name on this machine', host: (name: string) => `app.${name}.localhost`, domain: (name: string) => name },
  ])('$why', ({ host, domain }) => {
    const name = `shop${hosts++}`;
    visit(host(name));
    storeOf(rootDomain()).save(device);
    expect([...jar.cookies.keys()]).toEqual([`jn ${host(domain(name)).replace('app.', '')}`]);
  });

  test.each(['localhost', 'intranet', '127.0.0.1', '[::1]'])(
    'on %s is the host’s alone, and nothing is tried',
    (host) => {
      visit(host);
      storeOf(rootDomain()).save(device);
      expect([...jar.cookies.keys()]).toEqual([`jn =${host}`]);
      expect(probes()).toEqual([]);
    },
  );
});

describe('the probe', () => {
  test('comes with the first thing to remember, not before', () => {
    visit(`www.${freshSite()}`);
    const store = storeOf(rootDomain());
    expect(store.load()).toBeUndefined();
    expect(jar.writes).toEqual([]);
    store.save(device);
    expect(probes().length).toBeGreaterThan(0);
  });

  test('is made once a page, by however many trackers, and leaves nothing', () => {
    const site = freshSite();
    visit(`www.${site}`);
    storeOf(rootDomain()).save(device);
    const made = probes().length;
    storeOf(rootDomain()).save(device);
    storeOf(rootDomain()).save({ consent: yes });
    expect(probes()).toHaveLength(made);
    expect([...jar.cookies.keys()]).toEqual([`jn ${site}`]);
  });

  test('is not made for a host-only cookie', () => {
    visit(`www.${freshSite()}`);
    storeOf(hostOnly()).save(device);
    expect(probes()).toEqual([]);
  });

  test('that finds nothing writable leaves it at the host, and is not made again', () => {
    visit(`www.${freshSite()}`);
    jar.refuses = true;
    const store = storeOf(rootDomain());
    store.save(device);
    const made = probes().length;
    store.save(device);
    expect(probes()).toHaveLength(made);
    expect(jar.writes.at(-1)).not.toContain('Domain');
    jar.refuses = false;
    store.save(device);
    expect(store.load()).toEqual(device);
  });

  test('throws nothing where cookies may not even be looked at', () => {
    visit(`www.${freshSite()}`);
    const refuse = (): never => {
      throw new DOMException('sandboxed', 'SecurityError');
    };
    vi.spyOn(document, 'cookie', 'get').mockImplementation(refuse);
    vi.spyOn(document, 'cookie', 'set').mockImplementation(refuse);
    const store = storeOf(rootDomain());
    expect(() => store.save(device)).not.toThrow();
    expect(store.load()).toBeUndefined();
  });
});

describe('cookies of other settings', () => {
  const no = [{ analytics: false }, 2_000] as const;

  test.each<{ why: string; part: () => StoragePart; own: Device; wide: Device; expected: Device; isWide: boolean }>([
    {
      why: 'the host’s from before is taken over',
      part: rootDomain,
      own: device,
      wide: {},
      expected: device,
      isWide: true,
    },
    {
      why: 'the site’s visitor beats the host’s',
      part: rootDomain,
      own: device,
      wide: { consent: yes, anonymousId: 'a2' },
      expected: { consent: yes, anonymousId: 'a2' },
      isWide: true,
    },
    {
      why: 'a later no on the host is a no of the site, and takes the ids along',
      part: rootDomain,
      own: { consent: no },
      wide: device,
      expected: { consent: no },
      isWide: true,
    },
    {
      why: 'an earlier no was taken back since',
      part: rootDomain,
      own: { consent: [{ analytics: false }, 500] },
      wide: device,
      expected: device,
      isWide: true,
    },
    {
      why: 'back to the host alone: the site’s is taken over and removed',
      part: hostOnly,
      own: { consent: yes, anonymousId: 'a2' },
      wide: device,
      expected: device,
      isWide: false,
    },
  ])('$why', ({ part, own, wide, expected, isWide }) => {
    const site = freshSite();
    const host = `www.${site}`;
    visit(host);
    jar.cookies.set(`jn =${host}`, cookieText(own));
    jar.cookies.set(`jn ${host}`, cookieText(own)); // of a setting that named the host
    if (Object.keys(wide).length) jar.cookies.set(`jn ${site}`, cookieText(wide));
    expect(storeOf(part()).load()).toEqual(expected);
    expect(devices()).toEqual({ [isWide ? `jn ${site}` : `jn =${host}`]: expected });
  });

  test('a no removes ids on every level', () => {
    const site = freshSite();
    visit(`www.${site}`);
    const store = storeOf(rootDomain());
    store.save(device);
    jar.cookies.set(`jn =www.${site}`, cookieText(device)); // a page of old code
    store.save({ consent: no });
    expect(devices()).toEqual({ [`jn ${site}`]: { consent: no } });
  });

  test.each(['1null', '17', `1${encodeURIComponent('{"consent":[null]}')}`, '1[null,null]', '1"x"', '1%%%'])(
    'what somebody broke (%s) throws nothing',
    (value) => {
      const site = freshSite();
      visit(`www.${site}`);
      jar.cookies.set(`jn =www.${site}`, value);
      jar.cookies.set(`jn ${site}`, value);
      const store = storeOf(rootDomain());
      expect(() => store.load()).not.toThrow();
      store.save(device);
      expect(devices()).toEqual({ [`jn ${site}`]: device });
    },
  );
});
