import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** The cookie that keeps a browser's id where no script can read, change or lose it. */
export interface IdentityOptions {
  /** Secrets of 32 characters or more. The first one signs, all of them are believed: put a new one in front. */
  readonly keys: readonly string[];
  /** Share the cookie with all subdomains of `shop.example`. Default: with none; browsers then let no other host set it. */
  readonly domain?: string;
}

/** What `IdentityOptions` must be, in words, and whether a value is. */
export const identityWords: string =
  '{ keys, domain } with keys of 32 characters or more and a domain such as "shop.example"';

export function isIdentityOptions(value: unknown): value is IdentityOptions {
  const { keys, domain, ...others } = (value ?? {}) as Record<string, unknown>;
  return (
    Array.isArray(keys) &&
    keys.length > 0 &&
    keys.every((key) => typeof key === 'string' && key.length >= 32) &&
    (domain === undefined || (typeof domain === 'string' && /^[a-z\d-]+(\.[a-z\d-]+)+$/i.test(domain))) &&
    Object.keys(others).length === 0
  );
}

/** Who a browser is, and by what it was known when the cookie was written. */
export interface SignedIdentity {
  readonly id: string;
  /** Stands for the id that the browser's own tracker had. */
  readonly browserTag: string;
  /** When the person had decided about consent, by the browser's clock, epoch milliseconds; 0 where nobody knows. */
  readonly decidedAt: number;
  /** Should be written again: it is older than a day, or an older key signed it. */
  readonly isStale: boolean;
}

/** `tampered`: there is a cookie of that name, and none that we signed. */
export type CookieReading = SignedIdentity | 'none' | 'tampered';

/** What the browser's own tracker says of itself. */
export interface BrowserClaim {
  readonly browserId: string | undefined;
  readonly decidedAt: number | undefined;
}

export interface IdentityCookie {
  /** @param cookies - the request's `Cookie` header */
  read(cookies: string | undefined): CookieReading;
  /** A `Set-Cookie` header. */
  write(identity: Pick<SignedIdentity, 'id' | 'browserTag' | 'decidedAt'>): string;
  /** A `Set-Cookie` header that removes it. */
  readonly removal: string;
}

/** 13 months of 30.4 days, seconds: below the 400 days that browsers allow. */
const maxAgeS = 395 * 24 * 3_600;

/** Written again after this long with a visit, so that it lives for 13 months from the last one. Seconds. */
const refreshAfterS = 24 * 3_600;

/** More cookies of one name than this somebody has put there. */
const maxCandidates = 4;

/** Nine digits to the base of 36, which is far beyond every clock. Epoch milliseconds. */
const maxTime = 36 ** 9;

/** Version, id, tag, decision, when it was written, signature. */
const pattern = /^1\.([\w-]{8,64})\.([\w-]{8})\.([\da-z]{1,9})\.([\da-z]{1,8})\.([\w-]{43})$/;

/** @param now - wall clock, epoch milliseconds */
export function createIdentityCookie({ keys, domain }: IdentityOptions, now: () => number): IdentityCookie {
  // The prefixes make browsers refuse it from scripts of other hosts and from connections without TLS.
  const name = domain === undefined ? '__Host-jn' : '__Secure-jn';
  const attributes = `Path=/; Secure; HttpOnly; SameSite=Lax${domain === undefined ? '' : `; Domain=${domain}`}`;
  const find = new RegExp(`(?:^|;) *${name}=([^;]*)`, 'g');
  const nowS = (): number => Math.floor(now() / 1_000);

  const signature = (key: string, text: string): Buffer => createHmac('sha256', key).update(`${name} ${text}`).digest();

  function parse(value: string): SignedIdentity | 'expired' | undefined {
    const [, id = '', browserTag = '', decision = '', written = '', signed = ''] = pattern.exec(value) ?? [];
    if (id === '') return undefined;
    const text = value.slice(0, value.lastIndexOf('.'));
    const given = Buffer.from(signed, 'base64url');
    const place = keys.findIndex((key) => timingSafeEqual(signature(key, text), given));
    if (place < 0) return undefined;
    const ageS = nowS() - Number.parseInt(written, 36);
    if (ageS > maxAgeS) return 'expired';
    const isStale = place > 0 || ageS > refreshAfterS;
    return { id, browserTag, decidedAt: Number.parseInt(decision, 36), isStale };
  }

  return {
    read(cookies = '') {
      const values = [...cookies.matchAll(find)].slice(0, maxCandidates).map(([, value = '']) => parse(value));
      const ours = values.find((value) => value !== undefined && value !== 'expired');
      if (ours !== undefined) return ours as SignedIdentity;
      return values.includes(undefined) ? 'tampered' : 'none';
    },
    write({ id, browserTag, decidedAt }) {
      const text = `1.${id}.${browserTag}.${decidedAt.toString(36)}.${nowS().toString(36)}`;
      const signed = signature(keys[0] as string, text).toString('base64url');
      return `${name}=${text}.${signed}; Max-Age=${maxAgeS}; ${attributes}`;
    },
    removal: `${name}=; Max-Age=0; ${attributes}`,
  };
}

/**
 * Who it is, given the cookie and what the browser says of itself: the cookie's id, or the browser's own where there is
 * no cookie yet. `undefined` if there is neither, or an id that no cookie can hold.
 *
 * A browser whose id is another than it was has lost it (Safari deletes what scripts store after seven days): then it has
 * asked for consent again too. If the decision is the old one, the person asked to be forgotten (`reset()`).
 */
export function identityOf(
  reading: CookieReading,
  { browserId, decidedAt: claimedAt = 0 }: BrowserClaim,
): SignedIdentity | undefined {
  const decidedAt = writtenTime(claimedAt);
  const known = typeof reading === 'object' ? reading : undefined;
  if (browserId === undefined) return known;
  const browserTag = tagOf(browserId);
  const isSame = known?.browserTag === browserTag && known.decidedAt === decidedAt;
  if (isSame) return known;
  const wasReset = known?.browserTag !== browserTag && decidedAt > 0 && known?.decidedAt === decidedAt;
  const id = wasReset || known === undefined ? browserId : known.id;
  return /^[\w-]{8,64}$/.test(id) ? { id, browserTag, decidedAt, isStale: true } : undefined;
}

/** As the cookie can hold it: consent tools also say `0001-01-01`, which is nobody's decision, and `9999-12-31`. */
function writtenTime(time: number): number {
  return time > 0 && time < maxTime ? Math.floor(time) : 0;
}

function tagOf(browserId: string): string {
  return createHash('sha256').update(browserId).digest('base64url').slice(0, 8);
}
