import { attempt } from '@org/track-core';

/** Ad parameters under Segment's names: `utm_campaign` is `name`, the others lose their prefix. */
export interface Campaign {
  readonly name?: string;
  readonly source?: string;
  readonly medium?: string;
  readonly term?: string;
  readonly content?: string;
  readonly id?: string;
  readonly source_platform?: string;
  readonly creative_format?: string;
  readonly marketing_tactic?: string;
}

/** How somebody came. Nothing but `url`: by typing, by a bookmark, or from where nobody tells. */
export interface Touch {
  /** The page they came to, without query and fragment, name and password. */
  readonly url: string;
  /** The page of another site they came from, without query and fragment. */
  readonly referrer?: string | undefined;
  readonly campaign?: Campaign | undefined;
  /** Click ids by parameter, in lower case: `{ gclid: '…' }`. */
  readonly clickIds?: { readonly [parameter: string]: string } | undefined;
}

const campaignWord = /^utm_(campaign|source|medium|term|content|id|source_platform|creative_format|marketing_tactic)$/;

/** Whoever makes a link decides what is in it, and it is remembered: what is longer is cut. Ids of clicks are up to 300. */
const maxLength = 500;

/** The longest mail address there is: one that the cut leaves a part of ends before this. */
const maxEmailLength = 320;

/** A newsletter's link may name its reader, also where some service has escaped it once more. */
const email = /\S(?:@|%40)\S+\.\S/;

/** In some browsers an address has the name and the password that it was asked for with. */
const withoutQuery = (url: string): string => url.replace(/[?#].*/s, '').replace(/^([^/]*\/\/)[^/]*@/, '$1');

/**
 * What an address says about how somebody came to it.
 *
 * @param clickIds - the parameters that are click ids, in lower case
 * @param ownHosts - hosts that are no source, each with those below it
 */
export function readTouch(
  url: string,
  referrer: string,
  clickIds: readonly string[],
  ownHosts: readonly string[],
): Touch {
  const campaign: Record<string, string> = {};
  const clicks: Record<string, string> = {};
  for (const [parameter, value] of attempt(() => new URL(url).searchParams) ?? []) {
    const name = parameter.toLowerCase();
    const word = campaignWord.exec(name)?.[1]?.replace('campaign', 'name');
    const kind = word ? campaign : clickIds.includes(name) ? clicks : undefined;
    // The first of several counts.
    if (kind && value && !email.test(value.slice(0, maxLength + maxEmailLength)))
      kind[word ?? name] ??= value.slice(0, maxLength);
  }
  const host = /^[\w-]+:\/\/(\[[^\]]*\]|[^/?#:]+)/.exec(referrer)?.[1];
  const isOwn = ownHosts.some((own) => `.${host}`.endsWith(`.${own}`));
  return {
    url: withoutQuery(url),
    ...(host && !isOwn && { referrer: withoutQuery(referrer) }),
    ...(Object.keys(campaign)[0] && { campaign }),
    ...(Object.keys(clicks)[0] && { clickIds: clicks }),
  };
}
