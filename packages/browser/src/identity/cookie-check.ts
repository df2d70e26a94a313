import { type Device, type OnDiagnostic, report } from '@org/track-core';
import { readContext } from '../runtime/page-context.ts';
import { cookieDeviceStore } from './cookie-device-store.ts';
import type { Remembering, StoragePart } from './storage-part.ts';

export interface CookieCheckOptions {
  /** How the device remembers: `rootDomain()`, `hostOnly()`. Default: in a cookie of this host. */
  readonly storage?: StoragePart;
  /** Hears `no-cookie`, once a page. Default: nobody. */
  readonly onDiagnostic?: OnDiagnostic;
}

/**
 * Notices that the browser refuses the cookie, as where the person blocks them, in sandboxed frames and in pages of
 * extensions. Each page load is another visitor then, and each of its events says so, as `context.cookieless`: a warehouse
 * must not count people by them. Nothing else changes: events wait on the device and arrive as ever.
 *
 * The cookie is read after each time it is written; before it may be written nothing is tried.
 *
 * @example
 * createTracker({ endpoint: '/api/j', storage: cookieCheck({ storage: rootDomain(), onDiagnostic }), onDiagnostic });
 */
export function cookieCheck({ storage, onDiagnostic }: CookieCheckOptions = {}): StoragePart {
  const remembering: Remembering = storage ?? {};
  const { store = cookieDeviceStore, context = readContext } = remembering;
  let isRefused = false;

  function save(device: Device): void {
    const { anonymousId } = device;
    const wasRefused = isRefused;
    store.save(device);
    // A decision alone has no id: where nobody was known before, its loss makes no visitor of nobody.
    isRefused = store.load()?.anonymousId !== anonymousId;
    if (isRefused && !wasRefused) report(onDiagnostic, 'no-cookie');
  }

  const checked: Remembering = {
    ...remembering,
    store: { ...store, save },
    context: () => (isRefused ? { ...context(), cookieless: true } : context()),
  };
  return checked;
}
