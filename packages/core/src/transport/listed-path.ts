/** Paths that block lists name, in whatever folder they are. */
const listedPaths: readonly RegExp[] = [
  /\/analytics\/event/,
  /\/api\/(collect|statsd|v1\/activity|v1\/metrics)$/,
  /\/cdn-cgi\/zaraz\//,
  /\/com\.snowplowanalytics\.snowplow\//,
  /\/(rum|stats)\/events$/,
  /\/stats\/api\/event$/,
  // These for beacons only.
  /\/api\/(events$|pageview\/)/,
  /\/hit$/,
];

/** Words by which lists know measurement. A path with one of them passes, unless it is named; with two it rarely does. */
const tellTaleWord =
  /^(activity|analytics|beacon|collect|events?|hits?|ingest|metrics|page-?views?|pixel|rum|stats|statsd|telemetry|track|tracker|tracking)$/;

/** What block lists have against a path; undefined: nothing that we know of. No name is safe for ever. */
export function whyPathIsListed(path: string): string | undefined {
  if (listedPaths.some((listed) => listed.test(path))) return 'lists match this path';
  const words = path.split('/').filter((step) => tellTaleWord.test(step));
  return words[1] && `lists match paths with ${words.join(' and ')}`;
}
