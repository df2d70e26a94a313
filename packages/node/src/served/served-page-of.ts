import { type ConsentPreferences, maxBotLength, parseDevice, redactUrl, type ServedPage } from '@org/track-core';
import { botNameOf } from '../enrichment/bots.ts';
import { remember } from '../enrichment/remember.ts';
import { headerOf, type RequestLike } from '../identity/request-scope.ts';

export interface ServedPageRules {
  /** Consent the backend vouches for, where the person has not decided. */
  readonly vouched: () => ConsentPreferences;
  /** User agents that are no bots, whatever the list says. */
  readonly except: RegExp | undefined;
  readonly pathOf: (path: string) => string;
}

/** What is told of a page, and where it is. */
export type ToldPage = ServedPage & { readonly path?: string };

/** Longest path that is told, and how much of an agent is looked at, characters. */
const maxPathLength = 1_024;
const maxAgentLength = 512;

/** User agents whose answer is remembered: some 300 bytes each. */
const maxAnswers = 2_000;

/**
 * What may be told of a page that this request was answered with. Nothing of it is about the visitor: no id, no address,
 * and of the agent what many share.
 */
export function createServedPageOf({
  vouched,
  except,
  pathOf,
}: ServedPageRules): (request: RequestLike, id: string) => ToldPage {
  const agentOf = remember(maxAnswers, (agent): Partial<ServedPage> => {
    // What sends none at all is no browser.
    const bot = agent === '' ? 'unnamed' : botNameOf(agent, except)?.slice(0, maxBotLength);
    return bot === undefined ? { browser: browserOf(agent) } : { bot };
  });

  return (request, id) => {
    const path = pathOf(redactUrl(pathOfRequest(request))).replace(/[?#].*$/s, '');
    return {
      page_view_id: id,
      consent: consentOf(request, vouched()),
      ...agentOf((headerOf(request, 'user-agent') ?? '').slice(0, maxAgentLength)),
      ...(path.startsWith('/') && path.length <= maxPathLength ? { path } : {}),
    };
  };
}

/** What the person decided; else what the browser's signal says; else what is vouched for. */
function consentOf(request: RequestLike, vouched: ConsentPreferences): ServedPage['consent'] {
  const decided = parseDevice(headerOf(request, 'cookie') ?? '').consent?.[0].analytics;
  if (decided !== undefined) return decided ? 'given' : 'denied';
  if (headerOf(request, 'sec-gpc') === '1') return 'denied';
  if (vouched.analytics === undefined) return 'undecided';
  return vouched.analytics ? 'given' : 'denied';
}

/** Without its query, in which people put everything. */
function pathOfRequest({ url = '', originalUrl = url }: RequestLike): string {
  const text = originalUrl.startsWith('/')
    ? originalUrl
    : URL.canParse(originalUrl)
      ? new URL(originalUrl).pathname
      : '';
  return text.replace(/[?#].*$/s, '');
}

/** Each names the ones it descends from, so the youngest is asked for first. */
const families = [
  ['Firefox', /\bFirefox\/|\bFxiOS\//],
  ['Edge', /\bEdgA?\/|\bEdgiOS\//],
  ['Chrome', /\bChrome\/|\bCriOS\//],
  ['Safari', /\bSafari\//],
] as const;

function browserOf(agent: string): NonNullable<ServedPage['browser']> {
  return families.find(([, pattern]) => pattern.test(agent))?.[0] ?? 'other';
}
