import { attempt, type OnDiagnostic, report, whyPathIsListed } from '@org/track-core';

const listedHost = /^(matomo|piwik)\./;

/** What two hosts of one site have in common, as far as that can be told without a list of all suffixes. */
const siteOf = (hostname: string): string => hostname.split('.').slice(-2).join('.');

/** What block lists have against an endpoint; undefined: nothing that we know of. No name is safe for ever. */
export function whyListed({ hostname, pathname }: URL, pageHostname: string): string | undefined {
  if (listedHost.test(hostname)) return 'lists match the name of its host';
  if (siteOf(hostname) !== siteOf(pageHostname))
    return 'lists match hosts of other sites; a path of your own they cannot';
  return whyPathIsListed(pathname);
}

/** Tells whoever develops the page that its endpoint is out of reach for a part of the visitors. */
export function reportListedEndpoint({
  endpoint,
  onDiagnostic,
}: {
  readonly endpoint: string;
  readonly onDiagnostic?: OnDiagnostic;
}): void {
  // A server has no page, and one made of a `data:` URL no place that a path could be of.
  const why = attempt(() => whyListed(new URL(endpoint, document.baseURI), location.hostname));
  if (why) report(onDiagnostic, 'listed-endpoint', endpoint, why);
}
