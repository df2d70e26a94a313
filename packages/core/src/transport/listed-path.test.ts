import { expect, test } from 'vitest';
import { whyPathIsListed } from './listed-path.ts';

test.each([
  ['/api/j', false],
  ['/shop/j', false],
  ['/events', false],
  ['/api/events', true],
  ['/hit', true],
  ['/a/hit', true],
  ['/api/collect', true],
  ['/stats/api/event', true],
  ['/cdn-cgi/zaraz/t', true],
  ['/com.snowplowanalytics.snowplow/tp2', true],
  ['/track/event', true],
  ['/telemetry/x/ingest', true],
  ['/analytics', false],
])('%s: listed is %s', (path, expected) => {
  expect(whyPathIsListed(path) !== undefined).toBe(expected);
});
