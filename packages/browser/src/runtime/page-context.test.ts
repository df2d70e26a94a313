import { afterEach, expect, test, vi } from 'vitest';
import { readContext } from './page-context.ts';

const origin = 'http://localhost:3999';

afterEach(() => history.replaceState(null, '', '/page'));

test.each([
  { why: 'path and query agree with the URL', at: '/a/b?q=1', url: `${origin}/a/b?q=1`, path: '/a/b', search: '?q=1' },
  { why: 'a fragment that names a place stays', at: '/a#top', url: `${origin}/a#top`, path: '/a', search: '' },
  {
    why: 'a fragment of keys and values goes: log-ins put tokens there',
    at: '/a#access_token=t',
    url: `${origin}/a`,
    path: '/a',
    search: '',
  },
])('$why', ({ at, url, path, search }) => {
  history.replaceState(null, '', at);
  expect(readContext().page).toMatchObject({ url, path, search });
});

test('the title and the referrer are the document’s', () => {
  document.title = 'Shoes';
  expect(readContext().page).toMatchObject({ title: 'Shoes', referrer: '' });
});

test('each event gets the page of its moment, the locale and the time zone', () => {
  history.replaceState(null, '', '/later');
  expect(readContext()).toEqual({
    page: { url: `${origin}/later`, path: '/later', search: '', title: document.title, referrer: '' },
    locale: navigator.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
});

test('where the browser has Temporal, that says the time zone: it is ready at once', async () => {
  vi.stubGlobal('Temporal', { Now: { timeZoneId: () => 'Europe/Tallinn' } });
  vi.resetModules();
  const fresh = await import('./page-context.ts');
  expect(fresh.readContext().timezone).toBe('Europe/Tallinn');
  vi.unstubAllGlobals();
});
