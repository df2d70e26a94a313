import type { Plugin } from '@org/track-core';
import { isDevelopment } from '../runtime/is-development.ts';
import { capturePlugin } from './capture-plugin.ts';
import { checkPluginOptions } from './check-plugin-options.ts';
import { publicHref } from './link-url.ts';
import { listenToLinks } from './listen-to-links.ts';

export interface OutboundLinksOptions {
  /** Hosts that are yours, with their subdomains: `['example.com']`. The page's own is, in any case. Default: no other. */
  readonly ownHosts?: readonly string[];
}

/**
 * Records `Outbound Link Clicked` with `href` (without query and fragment) and `host` when a link to another site is
 * followed, also in a new tab, with the middle button, by keyboard, in SVG and in open shadow trees. Links inside
 * `data-track-ignore`, and addresses for mail and telephone, are not recorded.
 */
export function outboundLinks(options: OutboundLinksOptions = {}): Plugin {
  const { ownHosts = [] } = options;
  if (isDevelopment) {
    const isFine = Array.isArray(ownHosts) && ownHosts.every((host) => /^[\w-]+(\.[\w-]+)*$/.test(host));
    checkPluginOptions('outboundLinks', options, { ownHosts: [isFine, 'a list of hosts like "example.com"'] });
  }

  return capturePlugin('outboundLinks', (tracker, signal) => {
    const own = [location.hostname.replace(/^www\./, ''), ...ownHosts.map((host) => host.toLowerCase())];
    listenToLinks((url) => {
      const href = publicHref(url);
      const host = url.hostname;
      if (!href || own.some((one) => `.${host}`.endsWith(`.${one}`))) return;
      tracker.track('Outbound Link Clicked', { href, host });
    }, signal);
  });
}
