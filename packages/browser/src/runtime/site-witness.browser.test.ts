import { expect, test } from 'vitest';
import { createSiteWitness } from './site-witness.ts';

const here = import.meta.url;
/** To its end: only then is it told. */
const load = (url: string, cache: RequestCache): Promise<unknown> => fetch(url, { cache }).then((got) => got.text());
const aWhile = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 100));

test.each([
  { why: 'the site answered', ask: () => load(here, 'reload'), expected: true },
  { why: 'it answered from the cache', ask: () => load(here, 'force-cache'), expected: false },
  { why: 'nobody was there', ask: () => load('http://localhost:9/', 'reload').catch(() => {}), expected: false },
])('$why: $expected', async ({ ask, expected }) => {
  const toldOf = (): number => performance.getEntriesByName(here).length;
  const before = toldOf();
  await load(here, 'reload'); // so that there is something in the cache
  await expect.poll(toldOf).toBeGreaterThan(before);
  await aWhile();
  const witness = createSiteWitness();
  expect(witness.hasAnswered()).toBe(false);
  await ask();
  if (!expected) await aWhile(); // for what must not come
  await expect.poll(() => witness.hasAnswered()).toBe(expected);
  witness.forget();
  expect(witness.hasAnswered()).toBe(false);
  witness.forget();
});

test('the page’s own list of resources may be full', async () => {
  performance.setResourceTimingBufferSize(0);
  const witness = createSiteWitness();
  witness.hasAnswered();
  await load(here, 'reload');
  await expect.poll(() => witness.hasAnswered()).toBe(true);
  witness.forget();
  performance.setResourceTimingBufferSize(250);
});
