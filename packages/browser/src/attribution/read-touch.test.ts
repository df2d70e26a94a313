import { expect, test } from 'vitest';
import { readTouch } from './read-touch.ts';

const own = ['shop.example', '[2001:db8::1]'];
const page = 'https://shop.example/sale';
const read = (url: string, referrer = ''): unknown => readTouch(url, referrer, ['gclid', 'sccid', '_kx'], own);

test.each([
  { why: 'typed in', url: page, touch: {} },
  {
    why: 'every parameter of a campaign under its name',
    url: `${page}?utm_source=mail&utm_medium=email&utm_campaign=spring&utm_term=t&utm_content=c&utm_id=7`,
    touch: { campaign: { source: 'mail', medium: 'email', name: 'spring', term: 't', content: 'c', id: '7' } },
  },
  {
    why: 'what Google adds to that',
    url: `${page}?utm_source_platform=p&utm_creative_format=f&utm_marketing_tactic=t`,
    touch: { campaign: { source_platform: 'p', creative_format: 'f', marketing_tactic: 't' } },
  },
  { why: 'spelled in capitals', url: `${page}?UTM_Source=Mail`, touch: { campaign: { source: 'Mail' } } },
  {
    why: 'a parameter said twice: the first counts',
    url: `${page}?utm_id=1&utm_id=2`,
    touch: { campaign: { id: '1' } },
  },
  { why: 'said without a value', url: `${page}?utm_source=&gclid=`, touch: {} },
  { why: 'a word that is no parameter of campaigns', url: `${page}?utm_evil=1&utm_=2&__proto__=3`, touch: {} },
  {
    why: 'escaped wrongly',
    url: `${page}?utm_source=%E0%A4%A&utm_id=1`,
    touch: { campaign: { source: '\ufffd%A', id: '1' } },
  },
  {
    why: 'somebody’s address instead of a word',
    url: `${page}?utm_content=ada@example.com&gclid=ada@example.com`,
    touch: {},
  },
  { why: 'one that was escaped twice', url: `${page}?utm_content=ada%2540example.com`, touch: {} },
  {
    why: 'a click',
    url: `${page}?gclid=Cj0&ScCid=s1&_kx=k1`,
    touch: { clickIds: { gclid: 'Cj0', sccid: 's1', _kx: 'k1' } },
  },
  { why: 'with a name and a password', url: 'https://ada:p@ss@shop.example/sale?q=1', touch: {} },
  { why: 'in the fragment: no parameter', url: `${page}#utm_source=mail`, touch: {} },
  { why: 'endless', url: `${page}?utm_id=${'x'.repeat(9_999)}`, touch: { campaign: { id: 'x'.repeat(500) } } },
  { why: 'no address', url: 'about:blank?utm_id=1', touch: { campaign: { id: '1' } }, loose: true },
  { why: 'nonsense', url: '::', touch: {}, loose: true },
])('the address of a page: $why', ({ url, touch, loose }) => {
  expect(read(url)).toEqual(loose ? expect.objectContaining(touch) : { url: page, ...touch });
});

test('a mail address across the cut is none either, and an endless one takes no ages', { timeout: 5_000 }, () => {
  const at = (length: number): string => `${'x'.repeat(length)}%20ada@example.com`;
  for (const length of [480, 490, 495]) expect(read(`${page}?utm_content=${at(length)}`)).toEqual({ url: page });
  // What grows with the square takes minutes.
  expect(read(`${page}?utm_content=${'@'.repeat(500_000)}`)).toMatchObject({ url: page });
});

test.each([
  { why: 'another site', referrer: 'https://www.google.com/', is: 'https://www.google.com/' },
  { why: 'its query and fragment stay there', referrer: 'https://a.example/p?q=1&r#s', is: 'https://a.example/p' },
  { why: 'an at sign in its path', referrer: 'https://a.example/@ada', is: 'https://a.example/@ada' },
  { why: 'an app', referrer: 'android-app://com.google.android.gm/', is: 'android-app://com.google.android.gm/' },
  { why: 'the site itself', referrer: 'https://shop.example/', is: undefined },
  { why: 'on another port', referrer: 'https://shop.example:8443/', is: undefined },
  { why: 'below it', referrer: 'https://www.shop.example/', is: undefined },
  { why: 'one whose name ends alike', referrer: 'https://myshop.example/', is: 'https://myshop.example/' },
  { why: 'one that begins alike', referrer: 'https://shop.example.evil.test/', is: 'https://shop.example.evil.test/' },
  { why: 'above it', referrer: 'https://example/', is: 'https://example/' },
  { why: 'an address of version 6', referrer: 'http://[2001:db8::2]/p', is: 'http://[2001:db8::2]/p' },
  { why: 'one of our own', referrer: 'http://[2001:db8::1]:8080/p', is: undefined },
  { why: 'none', referrer: '', is: undefined },
  { why: 'nonsense', referrer: 'nonsense', is: undefined },
])('a referrer: $why', ({ referrer, is }) => {
  expect(read(page, referrer)).toEqual(is === undefined ? { url: page } : { url: page, referrer: is });
});
