// biome-ignore-all lint/suspicious/noDocumentCookie: as the tracker writes it
import { deviceCookieName, type TrackEvent } from '@org/track-core';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { createTracker } from '../create-browser-tracker.ts';
import { redaction } from '../plugin/redaction.ts';
import { autocapture } from './autocapture.ts';
import { clicks } from './clicks.ts';
import { deadClicks } from './dead-clicks.ts';
import { downloads } from './downloads.ts';
import { engagement } from './engagement.ts';
import { errors } from './errors.ts';
import { forms } from './forms.ts';
import { impressions } from './impressions.ts';
import { media } from './media.ts';
import { outboundLinks } from './outbound-links.ts';
import { pageViews } from './page-views.ts';
import { rageClicks } from './rage-clicks.ts';
import { scrollDepth } from './scroll-depth.ts';
import { webVitals } from './web-vitals.ts';

/**
 * Everything that captures by itself, on a page full of personal data: in its address, its title, its texts, its fields,
 * the names of its fields, its links, its files and its errors. None of it may leave.
 */
const planted = {
  email: 'ada.sample@example.com',
  escaped: 'ada.sample%40example.com',
  phone: '+15550100123',
  card: '4111111111111111',
  iban: 'DE89370400440532013000',
  nationalId: '49403136526',
  token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl',
  password: 'hunter2-correct-horse',
  name: 'Adalovelace',
  address: 'Samplestreet',
  clickId: 'Cj0KCQiA5NSaBhDnARIsAK2kX9',
};

const endpoint = `/api/j${Math.random().toString(36).slice(2)}`;
const home = location.href;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const p = planted;
const page = `
  <h2 data-track-impression="Headline" data-track-impression-id="a1">Orders of ${p.name}, ${p.email}</h2>
  <a data-track="Help Opened" href="/help/${p.escaped}?token=${p.token}">${p.phone}</a>
  <a data-track="Mail Opened" href="mailto:${p.email}">Mail</a>
  <a href="https://${p.name}:${p.password}@other.example/${p.escaped}?token=${p.token}#${p.phone}">${p.name}</a>
  <a href="/files/${p.escaped}" download="${p.name}.pdf" title="${p.email}">${p.iban}</a>
  <a href="tel:${p.phone}">Call</a>
  <button id="user-${p.nationalId}" class="${p.email}" aria-label="${p.name}" title="${p.phone}">${p.email}</button>
  <p contenteditable="true">${p.address}</p>
  <form id="order" action="/order/${p.email}?token=${p.token}">
    <label>Name <input name="name"></label>
    <input name="note[${p.email}]">
    <input name="street" value="${p.address}">
    <input name="user_password" type="password">
    <input name="card" autocomplete="cc-number">
    <input type="hidden" name="token" value="${p.token}">
    <textarea name="comment"></textarea>
    <select name="for"><option>${p.name}<option>${p.email}</select>
  </form>
  <form action="/people/${p.nationalId}"><input name="${p.phone}"></form>
  <audio src="/voice/${p.escaped}.wav?token=${p.token}" title="${p.name}"></audio>`;

let controller: AbortController;

beforeAll(() => {
  controller = new AbortController();
});

afterEach(() => {
  controller.abort();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  history.replaceState(null, '', home);
  document.body.innerHTML = '';
  // Files of these tests share it.
  document.cookie = `${deviceCookieName}=; Max-Age=-1; Path=/`;
});

test('of all the personal data on a page, none is in any event', { timeout: 30_000 }, async () => {
  const bodies: string[] = [];
  const { fetch } = window;
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    if (url !== endpoint) return fetch(url, init);
    bodies.push(String(init.body));
    return Response.json({ success: true });
  });
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const search = `?email=${p.escaped}&q=${encodeURIComponent(p.phone)}&gclid=${p.clickId}&firstName=${p.name}&page=2`;
  history.replaceState(null, '', `/account/${p.email}${search}#id_token=${p.token}`);
  document.title = `Inbox (${p.email})`;

  const tracker = createTracker({
    endpoint,
    capture: [
      ...[pageViews(), clicks(), forms(), impressions({ minMs: 50 }), media(), errors(), webVitals()],
      ...[autocapture(), outboundLinks(), downloads(), rageClicks(), deadClicks()],
      ...[engagement(), scrollDepth()],
    ],
    plugins: [redaction()],
    consent: { initial: { analytics: true } },
  });
  const { signal } = controller;
  for (const type of ['error', 'unhandledrejection', 'click', 'submit']) {
    addEventListener(
      type,
      (event) => {
        event.preventDefault();
        if (type !== 'click' && type !== 'submit') event.stopImmediatePropagation();
      },
      { capture: true, signal },
    );
  }

  document.body.innerHTML = page;
  const find = (selector: string): HTMLElement => document.querySelector(selector) as HTMLElement;
  await userEvent.type(find('[name=name]'), p.name);
  await userEvent.type(find('[name^=note]'), p.address);
  await userEvent.type(find('[name=user_password]'), p.password);
  await userEvent.type(find('[name=card]'), p.card);
  await userEvent.type(find('[name=comment]'), p.iban);
  await userEvent.selectOptions(find('[name=for]'), p.email);
  await userEvent.type(find('p'), p.name);
  await userEvent.type(find(`[name="${p.phone}"]`), p.nationalId);
  for (const link of document.querySelectorAll('a')) link.click();
  await sleep(2_000); // after the click that woke the window
  // Within a second, however long the machine takes for it.
  const stamps = vi.spyOn(Event.prototype, 'timeStamp', 'get').mockReturnValue(performance.now());
  await userEvent.tripleClick(find('button'));
  stamps.mockRestore();
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
  await sleep(2_600); // for the button that does nothing
  find('audio').dispatchEvent(new Event('play'));
  setTimeout(() => {
    throw new Error(`no account ${p.email}, ${p.phone}, ${p.card}; GET /u?name=${p.name} with ${p.token}`);
  });
  void Promise.reject(new Response(p.name));
  void new Response(`${p.name} of ${p.address}`).json();
  dispatchEvent(new ErrorEvent('error', { error: 1, filename: `https://a.example/${p.escaped}/x.js?t=${p.token}` }));
  await sleep(300);
  (find('#order') as HTMLFormElement).requestSubmit();
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  dispatchEvent(new PageTransitionEvent('pagehide'));
  await tracker.shutdown();

  const events = bodies.flatMap((body) => JSON.parse(body).batch as TrackEvent[]);
  const names = new Set(events.map((event) => ('event' in event ? event.event : event.type)));
  expect([...names].sort()).toEqual([
    ...['Dead Clicked', 'Element Clicked', 'Error Occurred', 'File Downloaded', 'Form Abandoned', 'Form Started'],
    ...['Form Submitted', 'Help Opened', 'Impression', 'Mail Opened', 'Outbound Link Clicked', 'Page Engaged'],
    ...['Rage Clicked', 'Video Playback Exited', 'Video Playback Started', 'Web Vitals', 'page'],
  ]);
  expect(events.filter((event) => 'event' in event && event.event === 'Error Occurred')).toHaveLength(4);
  const text = bodies.join('\n').toLowerCase();
  const found = Object.entries(planted).filter(([, secret]) => text.includes(secret.toLowerCase()));
  expect(found).toEqual([]);
  // Nor in pieces.
  expect(text).not.toMatch(/sample|hunter|lovelace|eyj|5550100|4111|3704|0313/);
});
