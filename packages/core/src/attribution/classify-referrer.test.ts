import { expect, test } from 'vitest';
import { classifyReferrer } from './classify-referrer.ts';

test.each([
  { why: 'a search engine', url: 'https://www.google.com/', is: ['search', 'google'] },
  { why: 'its name under a country’s ending', url: 'https://www.google.com.br/', is: ['search', 'google'] },
  { why: 'under a short one', url: 'https://google.de/search?q=shoes', is: ['search', 'google'] },
  { why: 'its app', url: 'android-app://com.google.android.googlequicksearchbox/', is: ['search', 'google'] },
  { why: 'its mail, the longer host', url: 'https://mail.google.com/', is: ['email', 'gmail'] },
  { why: 'its assistant', url: 'https://gemini.google.com/app', is: ['assistant', 'gemini'] },
  { why: 'its log-in is no search', url: 'https://accounts.google.com/', is: ['referral', 'accounts.google.com'] },
  { why: 'a country of a search engine', url: 'https://uk.search.yahoo.com/', is: ['search', 'yahoo'] },
  { why: 'a network’s redirecting host', url: 'https://lm.facebook.com/l.php?u=x', is: ['social', 'facebook'] },
  { why: 'a shortener', url: 'https://t.co/abc', is: ['social', 'x'] },
  { why: 'an assistant', url: 'https://chatgpt.com/', is: ['assistant', 'chatgpt'] },
  { why: 'any other site, by its host', url: 'https://www.example.org/a?b#c', is: ['referral', 'example.org'] },
  { why: 'capitals and a root dot', url: 'HTTPS://WWW.Bing.COM./', is: ['search', 'bing'] },
  { why: 'a port', url: 'https://bing.com:8443/', is: ['search', 'bing'] },
  { why: 'a name before the host', url: 'https://google.com@evil.example/', is: ['referral', 'evil.example'] },
  { why: 'a name with a sign of its own', url: 'https://a@google.com@evil.example/', is: ['referral', 'evil.example'] },
  { why: 'an address of version 6', url: 'http://[2001:db8::1]:80/', is: ['referral', '[2001:db8::1]'] },
  { why: 'a known name inside another', url: 'https://notfacebook.com/', is: ['referral', 'notfacebook.com'] },
  {
    why: 'a known host below another',
    url: 'https://google.com.evil.example/',
    is: ['referral', 'google.com.evil.example'],
  },
  { why: 'a name every object has', url: 'https://constructor.com/', is: ['referral', 'constructor.com'] },
])('$why: $url', ({ url, is: [medium, source] }) => {
  expect(classifyReferrer(url)).toEqual({ medium, source });
});

test('a host longer than there can be is no place, and takes no ages', () => {
  expect(classifyReferrer(`https://${'a.'.repeat(16_000)}example/`)).toBeUndefined();
  expect(classifyReferrer(`https://${'a.'.repeat(120)}example.org/`)).toMatchObject({ medium: 'referral' });
});

test.each([undefined, '', 'nonsense', '/path', 'https://', 'mailto:a@b.example', 'javascript:alert(1)'])(
  '%j is no place',
  (url) => {
    expect(classifyReferrer(url)).toBeUndefined();
  },
);
