// biome-ignore-all lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous: too late before a navigation
import { attempt, deviceCookieName } from '@org/track-core';

/**
 * Domains that a cookie of `hostname` may name, the widest first; among them may be public suffixes, like `co.uk`, which
 * browsers refuse. None for IP addresses and single labels like `localhost`.
 */
export function domainsOf(hostname: string): readonly string[] {
  // An IPv6 address has colons, and no other host's last label is a number. https://url.spec.whatwg.org/#ends-in-a-number-checker
  if (/:|(^|\.)(\d+|0x[\da-f]*)\.?$/i.test(hostname)) return [];
  const labels = hostname.split('.');
  return labels.slice(1).map((_, index) => labels.slice(labels.length - 2 - index).join('.'));
}

/** Expired: below 0 also for the DOMs of tests, some of which keep a cookie of age 0. */
const atOnce = '; Max-Age=-1';

/** The attribute that gives a cookie to `domain` and all below it; to the page's host alone without one. */
const attribute = (domain: string): string => domain && `; Domain=${domain}`;

/** By host: what the probe found. A page has one host, so it is asked once. */
const found = new Map<string, string>();

/**
 * The attribute that gives a cookie to the widest domain of this page that may have cookies, empty where that is its host.
 *
 * Which part of a host was registered only the Public Suffix List knows, which is no load for a page; browsers have it, and
 * refuse cookies of public suffixes. So a cookie that says nothing is tried from the widest domain on, and removed at once.
 * The first call writes it: only where something is about to be remembered.
 */
export function rootDomainAttribute(): string {
  const { hostname } = location;
  let root = found.get(hostname);
  if (root === undefined) {
    // Another tab may be looking for it too.
    const name = `${deviceCookieName}${Math.random()}`;
    root = attribute(
      domainsOf(hostname).find((domain) =>
        attempt(() => {
          document.cookie = `${name}=1; Path=/; Max-Age=10; SameSite=Lax${attribute(domain)}`;
          if (!document.cookie.includes(name)) return false;
          document.cookie = `${name}=; Path=/${atOnce}${attribute(domain)}`;
          return true;
        }),
      ) ?? '',
    );
    found.set(hostname, root);
  }
  return root;
}

/** Every device's cookie that this page sees: of its host, and of the domains above. */
export const cookiesSeen = (): readonly string[] => attempt(() => document.cookie.match(/(^|;) *jn=1[^;]*/g)) ?? [];

/** Removes the device's cookie wherever a page of this host may have left it, save where the attribute `kept` says. */
export function expireElsewhere(kept?: string): void {
  for (const domain of ['', ...domainsOf(location.hostname).map(attribute)]) {
    attempt(() => {
      if (domain !== kept) document.cookie = `${deviceCookieName}=; Path=/${atOnce}${domain}`;
    });
  }
}
