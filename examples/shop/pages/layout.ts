import { html, raw } from 'hono/html';
import type { PageFacts, SignInFacts } from '../page-facts.ts';
import { trackPath } from '../track-path.ts';
import { cartLines, type Visit } from '../visits.ts';

export type Html = ReturnType<typeof html> | ReturnType<typeof raw>;

export interface Page {
  readonly title: string;
  readonly visit: Visit;
  readonly body: Html;
  readonly section?: 'shop' | 'journal' | 'account' | 'cart';
  /** What this page shows, for the browser to record. */
  readonly facts?: PageFacts;
}

/** JSON inside a script element: no `<` may close it early. */
const json = (value: unknown): Html => raw(JSON.stringify(value).replaceAll('<', '\\u003c'));

const icon = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#a8432a"/><path d="M7 23V9l9 9 9-9v14" fill="none" stroke="#fff" stroke-width="3.4"/></svg>')}`;

export function head(title: string, script: string): Html {
  return html`<meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title}</title>
    <link rel="icon" href="${icon}" />
    <link rel="stylesheet" href="/assets/styles.css" />
    <script type="module" src="/assets/${script}.js"></script>`;
}

/** A page of the shop: header, content, footer, privacy choices, and the facts the browser records. */
export function layout({ title, visit, body, section, facts }: Page): Html {
  const count = cartLines(visit).reduce((sum, { quantity }) => sum + quantity, 0);
  const current = (name: Page['section']) => (section === name ? raw(' aria-current="page"') : '');
  return html`<!doctype html>
    <html lang="en" data-endpoint="${trackPath}">
      <head>
        ${head(`${title} · Marl`, 'shop')}
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <div class="top-inner">
            <a class="logo" href="/" aria-label="Marl, home">Marl</a>
            <nav aria-label="Main">
              <a href="/shop"${current('shop')} data-track="Link Clicked" data-track-link="nav-shop">Shop</a>
              <a href="/journal"${current('journal')} data-track="Link Clicked" data-track-link="nav-journal">Journal</a>
            </nav>
            <nav class="top-end" aria-label="You">
              ${
                visit.account
                  ? html`<a href="/account"${current('account')}>${visit.account.name}</a>`
                  : html`<a href="/sign-in"${current('account')}>Sign in</a>`
              }
              <a href="/cart"${current('cart')} data-track="Link Clicked" data-track-link="nav-cart"
                >Cart${count > 0 ? html` <span class="count" aria-label="${count} items">${count}</span>` : ''}</a
              >
            </nav>
          </div>
        </header>
        <main id="main">${body}</main>
        ${footer} ${privacyChoices}
        ${facts ? html`<script type="application/json" id="page-facts">${json(facts)}</script>` : ''}
        ${signedIn(visit)}
      </body>
    </html>`;
}

function signedIn(visit: Visit): Html | '' {
  if (!visit.justSignedIn || !visit.account) return '';
  visit.justSignedIn = false;
  const { userId, createdAt } = visit.account;
  return html`<script type="application/json" id="sign-in-facts">${json({ userId, createdAt } satisfies SignInFacts)}</script>`;
}

const footer = html`<footer class="foot">
  <div class="foot-inner">
    <p class="foot-word">Things for the table, and the hour around it.</p>
    <nav aria-label="Shop">
      <h2>Shop</h2>
      <a href="/shop">Everything</a>
      <a href="/journal">Journal</a>
      <a href="/cart">Cart</a>
    </nav>
    <nav aria-label="Privacy">
      <h2>Privacy</h2>
      <button type="button" class="link" id="privacy-open">Your choices</button>
      <a href="/privacy">What we record</a>
    </nav>
    <nav aria-label="Behind the counter">
      <h2>Behind the counter</h2>
      <a href="/live">Live events</a>
      <a href="/insights">Insights</a>
    </nav>
    <p class="small">A demo of @org/track. Nothing here is for sale, and nothing leaves this machine.</p>
  </div>
</footer>`;

/** Both answers weigh the same: same size, same colour, one press each. */
const privacyChoices = html`<section class="consent" id="consent" data-track-ignore aria-labelledby="consent-title" tabindex="-1" hidden>
  <div class="consent-text">
    <h2 id="consent-title">May we count?</h2>
    <p>
      We would like to see which pages are read and where people give up. Until you answer, nothing is stored on your
      device and nothing is sent.
    </p>
    <p class="note" id="consent-gpc" hidden>
      Your browser sends <strong>Global Privacy Control</strong>. We honour it: advertising stays off, whatever else you
      choose.
    </p>
  </div>
  <form id="consent-form">
    <fieldset id="consent-details" hidden>
      <legend class="visually-hidden">Choose by purpose</legend>
      <label><input type="checkbox" checked disabled /> <span><b>Necessary</b> Cart and sign-in.</span></label>
      <label><input type="checkbox" name="analytics" /> <span><b>Analytics</b> What is read and bought.</span></label>
      <label><input type="checkbox" name="advertising" /> <span><b>Advertising</b> Off in this demo, asked for show.</span></label>
    </fieldset>
    <div class="consent-buttons">
      <button type="button" class="button" data-consent="all">Accept all</button>
      <button type="button" class="button" data-consent="necessary">Only necessary</button>
      <button type="button" class="button quiet" data-consent="choose" aria-expanded="false" aria-controls="consent-details">Choose</button>
      <button type="submit" class="button" id="consent-save" hidden>Save choices</button>
    </div>
  </form>
</section>`;
