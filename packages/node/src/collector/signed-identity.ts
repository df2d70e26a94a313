import { type ConsentPreferences, parseDevice, type TrackEvent } from '@org/track-core';
import type { HttpRequest } from '../http/exchange.ts';
import { type CookieReading, type IdentityCookie, identityOf } from '../identity/identity-cookie.ts';

/** The id that a browser's request vouches for by its cookie, while its events pass. */
export interface RequestIdentity {
  /** The event under the cookie's id where its consent covers that; what the browser claims of the cookie is taken off. */
  apply(event: TrackEvent): TrackEvent;
  /** What the answer has to set, once all events have passed. */
  setCookie(): string | undefined;
}

/**
 * The ids of one request.
 *
 * @param vouched - consent where an event says nothing
 */
export function requestIdentity(
  request: HttpRequest,
  cookie: IdentityCookie,
  vouched: ConsentPreferences | undefined,
): RequestIdentity {
  const cookies = request.header('cookie');
  const found = cookie.read(cookies);
  const isRefused = parseDevice(cookies ?? '').consent?.[0].analytics === false;
  let isCookieless = false; // the page stores nothing, so neither does its collector
  let latest: CookieReading = found;

  return {
    apply(event) {
      const { identity: _claimed, ...context } = event.context ?? {};
      const plain = _claimed === undefined ? event : { ...event, context };
      const preferences = event.context?.consent?.categoryPreferences ?? vouched;
      isCookieless ||= context.cookieless === true;
      if (isRefused || isCookieless || preferences?.analytics !== true) return plain;

      const { anonymousId: browserId } = event;
      const identity = identityOf(latest, { browserId, decidedAt: timeOf(event.context?.consent?.decidedAt) });
      if (identity === undefined) return plain;
      latest = identity;
      return {
        ...plain,
        anonymousId: identity.id,
        // "Who I was until now", said by a browser that knows only its own id.
        ...('previousId' in event && event.previousId === browserId ? { previousId: identity.id } : {}),
        context: {
          ...context,
          identity: {
            ...(browserId === undefined ? {} : { browserId }),
            ...(found === 'tampered' ? { tampered: true } : {}),
          },
        },
      } as TrackEvent;
    },
    setCookie() {
      if (isRefused || isCookieless) return found === 'none' ? undefined : cookie.removal;
      return typeof latest === 'object' && latest.isStale ? cookie.write(latest) : undefined;
    },
  };
}

function timeOf(date: string | undefined): number | undefined {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : time;
}
