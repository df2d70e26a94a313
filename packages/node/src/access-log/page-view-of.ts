import { createHash, createHmac } from 'node:crypto';
import { redactUrl } from '@org/track-core';
import { type AddressPolicy, keptAddress } from '../collector/client-address.ts';
import type { AccessLine } from './parse-combined.ts';

export interface PageViewOptions {
  /** The site's origin: the log has only paths. */
  readonly site: string;
  readonly ip: AddressPolicy;
  /** Tells visitors apart; nobody who does not have it can tell who they were. */
  readonly visitorSecret: Uint8Array;
}

/** What is asked for beside a page. */
const assetPattern =
  /\.(?:avif|bmp|css|csv|docx?|eot|gif|gz|ico|jpe?g|js|json|map|mjs|mp[34]|ogg|otf|pdf|png|rss|svg|tar|ttf|txt|wasm|wave?|webm|webmanifest|webp|woff2?|xlsx?|xml|zip)$/i;

/** Longer than any address that is a page's. */
const maxTargetLength = 4_096;

/** The page view that a line stands for; `undefined` if it stands for none. */
export function pageViewOf(line: string, access: AccessLine, options: PageViewOptions): object | undefined {
  const { method, status, target, at, userAgent, referrer } = access;
  const isShown = method === 'GET' && ((status >= 200 && status < 300) || status === 304);
  // Resolved as a link is, a path with two slashes in front would be another host.
  const address = target.startsWith('/') ? options.site + target : target;
  if (!isShown || target.length > maxTargetLength || !URL.canParse(address, options.site)) return undefined;
  const url = new URL(redactUrl(address), options.site);
  if (url.host !== new URL(options.site).host || assetPattern.test(url.pathname)) return undefined;
  const page = {
    url: url.href,
    path: url.pathname,
    search: url.search,
    ...(referrer === undefined ? {} : { referrer: redactUrl(referrer) }),
  };
  const ip = keptAddress(access.address, options.ip);
  return {
    type: 'page',
    // The same line is the same event, however often its file is read.
    messageId: `line-${createHash('sha256').update(line).digest('base64url')}`,
    anonymousId: visitorOf(access, options.visitorSecret),
    timestamp: new Date(at).toISOString(),
    properties: page,
    context: {
      page,
      ...(ip === undefined ? {} : { ip }),
      ...(userAgent === undefined ? {} : { userAgent }),
    },
  };
}

/** One address with one agent on one day is one visitor: more a log does not tell, and less than a cookie would. */
function visitorOf({ address, userAgent = '', at }: AccessLine, secret: Uint8Array): string {
  const day = new Date(at).toISOString().slice(0, 'yyyy-mm-dd'.length);
  return createHmac('sha256', secret).update(`${day} ${address} ${userAgent}`).digest('base64url').slice(0, 22);
}
