import { expect, test } from 'vitest';
import { whyPathIsListed } from './listed-path.ts';

// By its address: it is written for a page, and our compiler knows none.
const browsers = new URL('../../../browser/src/listed-endpoint.ts', import.meta.url).href;
const { whyListed } = (await import(browsers)) as { whyListed(endpoint: URL, page: string): string | undefined };

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
])('%s: listed is %s, and the browser says the same', (path, expected) => {
  expect(whyPathIsListed(path) !== undefined).toBe(expected);
  expect(whyPathIsListed(path)).toBe(whyListed(new URL(path, 'https://shop.example'), 'shop.example') || undefined);
});
