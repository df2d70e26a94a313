// biome-ignore-all lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous: too late before a navigation
import { attempt, deviceCookieName, type Plugin } from '@org/track-core';
import { cookieDeviceStore } from './cookie-device-store.ts';

/**
 * Tabs that begin a visit in the very same moment, as when a laptop wakes up, give it one id; with this, one of them says
 * `isNew`, the first. Without it all of them do, so count visits by their ids.
 *
 * Each that begins one writes a cookie of ten seconds with the visit's id, and whose is listed first was first: so it is
 * in Chromium. Firefox and Safari tell a tab too late of another's cookies: there more than one may still say so.
 *
 * Only where the device remembers the visit, and among tabs of one host.
 *
 * @example
 * createTracker({ endpoint: '/api/j', plugins: [oneStart()] });
 */
export function oneStart(): Plugin {
  return {
    name: 'one-start',
    process(event) {
      const { id, isNew } = event.context?.session ?? {};
      if (!id || !isNew || (attempt(() => isFirst(id)) ?? true)) return event;
      return { ...event, context: { ...event.context, session: { id } } };
    },
  };
}

function isFirst(id: string): boolean {
  // What may not be remembered is not written here either.
  if (cookieDeviceStore.load()?.session?.[0] !== id) return true;
  const own = `${deviceCookieName}${Math.random()}=${id}`;
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `${own}; Path=/; Max-Age=10; SameSite=Lax${secure}`;
  // Browsers list the oldest first. https://www.rfc-editor.org/rfc/rfc6265#section-5.4
  const [first = own] = document.cookie.split('; ').filter((cookie) => cookie.endsWith(`=${id}`));
  return first === own;
}
