import { html } from 'hono/html';
import { questions } from '../insights/ask.ts';
import { type Html, head } from './layout.ts';

/** The frame of the two pages behind the counter. They are not tracked. */
const desk = (title: string, script: 'live' | 'insights', body: Html): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        ${head(`${title} · Marl`, script)}
      </head>
      <body class="desk">
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <div class="top-inner">
            <a class="logo" href="/" aria-label="Marl, back to the shop">Marl</a>
            <nav aria-label="Behind the counter">
              <a href="/live" ${script === 'live' ? 'aria-current="page"' : ''}>Live</a>
              <a href="/insights" ${script === 'insights' ? 'aria-current="page"' : ''}>Insights</a>
            </nav>
            <nav class="top-end" aria-label="Shop"><a href="/">Back to the shop</a></nav>
          </div>
        </header>
        <main id="main" class="wrap">${body}</main>
      </body>
    </html>`;

const statuses = [
  ['stored', 'Stored'],
  ['duplicate', 'Duplicate'],
  ['invalid', 'Invalid'],
  ['consent_denied', 'No consent'],
] as const;

export const livePage = (): Html =>
  desk(
    'Live',
    'live',
    html`<header class="page-head desk-head">
        <div>
          <h1>Live</h1>
          <p class="lede">Events as the collector decides about them. Open the shop in another window.</p>
        </div>
        <p class="connection" id="connection" role="status">Connecting</p>
      </header>
      <dl class="figures" id="counters">
        <div><dt>Browser</dt><dd data-count="browser">0</dd></div>
        <div><dt>Server</dt><dd data-count="server">0</dd></div>
        ${statuses.map(([status, name]) => html`<div data-status="${status}"><dt>${name}</dt><dd data-count="${status}">0</dd></div>`)}
      </dl>
      <div class="live-tools">
        <fieldset class="chips" id="filters">
          <legend class="visually-hidden">Show</legend>
          <label class="chip"><input type="radio" name="source" value="" checked />All sources</label>
          <label class="chip"><input type="radio" name="source" value="browser" />Browser</label>
          <label class="chip"><input type="radio" name="source" value="server" />Server</label>
          <span class="divider"></span>
          <label class="chip"><input type="radio" name="status" value="" checked />Any fate</label>
          ${statuses.map(([status, name]) => html`<label class="chip"><input type="radio" name="status" value="${status}" />${name}</label>`)}
        </fieldset>
        <div class="live-buttons">
          <button type="button" class="button quiet" id="forge">Send a forged order</button>
          <button type="button" class="button" id="pause" aria-pressed="false">Pause</button>
        </div>
      </div>
      <ol class="stream" id="stream" aria-label="Events, newest first"></ol>
      <p class="empty" id="stream-empty">Nothing yet. Events appear here the moment they arrive.</p>`,
  );

const charts = [
  {
    question: 'funnel',
    title: 'From looking to buying',
    text: 'Visitors who came this far. The last step is the server’s word.',
  },
  {
    question: 'headlines',
    title: 'What headlines are worth',
    text: 'Followed when seen, and read to the middle when followed.',
  },
  {
    question: 'orders',
    title: 'Every order, once',
    text: 'The server’s word, and whether its receipt was seen by a browser that tells.',
  },
  { question: 'engagement', title: 'Where attention goes', text: 'Visible, active seconds per page view, on average.' },
  {
    question: 'forms',
    title: 'Where forms are given up',
    text: 'Begun, sent, and the field that was the last one. What was typed is nobody’s business.',
  },
  { question: 'vitals', title: 'How fast pages feel', text: 'Core Web Vitals: three of four loads were this good.' },
  {
    question: 'media',
    title: 'How well sounds play',
    text: 'The wait for the first sound, the breaks, the share heard.',
  },
  {
    question: 'rage',
    title: 'What makes people press again',
    text: 'Three presses in a second, and nothing came of it.',
  },
  { question: 'sources', title: 'Who said it', text: 'Events a minute, by source, in the last hour that has any.' },
] as const;

/** The questions the page draws an answer to. */
export const charted = ['blocked', ...charts.map(({ question }) => question)] as const;

const fates = [
  ['confirmed', 'Confirmed', 'The browser told of it.'],
  ['declined', 'Declined', 'No yes came with the request: silence was meant.'],
  ['bot', 'Bots', 'They say so themselves.'],
  ['unconfirmed', 'Unconfirmed', 'Asked for with a yes, and never heard of.'],
] as const;

/** What is seen of the pages that were served: four numbers apart, and one share with its interval. */
const blocked = html`<section class="chart fates" data-question="blocked" aria-labelledby="blocked-title">
  <header>
    <h2 id="blocked-title">What blockers swallow, at most</h2>
    <p class="small">
      The server knows which pages it served; the browser’s page view confirms them. What is missing was blocked, or left
      at once, or lost. So this is an upper bound, measured, with its 95&nbsp;% interval.
    </p>
  </header>
  <div class="share">
    <p class="share-figure"><span class="share-most">at most</span> <strong data-share="percent">–</strong></p>
    <p class="small" data-share="words"></p>
    <div class="interval" role="img" aria-label="The share and its interval, from 0 to 100 percent">
      <span class="interval-range"></span><span class="interval-point"></span>
    </div>
    <div class="interval-ends small" aria-hidden="true"><span>0 %</span><span>50 %</span><span>100 %</span></div>
  </div>
  <div>
    <div class="fate-bar" aria-hidden="true">
      ${fates.map(([fate]) => html`<span class="fate" data-fate="${fate}"></span>`)}
    </div>
    <dl class="fate-list">
      ${fates.map(
        ([fate, name, text]) =>
          html`<div data-fate="${fate}">
            <dt>${name}</dt>
            <dd data-fate-count="${fate}">–</dd>
            <dd class="small">${text}</dd>
          </div>`,
      )}
    </dl>
  </div>
  <details>
    <summary>SQL</summary>
    <pre tabindex="0"><code>${questions.blocked}</code></pre>
  </details>
</section>`;

export const insightsPage = (run: string | undefined): Html =>
  desk(
    'Insights',
    'insights',
    html`<header class="page-head desk-head">
        <div>
          <h1>Insights</h1>
          <p class="lede">Asked of DuckDB, in this process, each time you press the button. Every answer shows its SQL.</p>
          ${run ? html`<p class="note">Only the visitors of run <code>${run}</code>. <a href="/insights">Show everybody</a>.</p>` : ''}
        </div>
        <div class="live-buttons">
          <span class="small" id="asked" role="status"></span>
          <button type="button" class="button strong" id="refresh">Refresh</button>
        </div>
      </header>
      <p class="problem" id="problem" role="alert" hidden></p>
      <dl class="figures" id="totals">
        <div><dt>Visitor ids</dt><dd data-total="visitors">–</dd></div>
        <div><dt>Orders</dt><dd data-total="orders">–</dd></div>
        <div><dt>Revenue</dt><dd data-total="revenue">–</dd></div>
        <div><dt>Carts abandoned</dt><dd data-total="abandonment_percent">–</dd></div>
        <div><dt>Events</dt><dd data-total="events">–</dd></div>
      </dl>
      <div class="charts">
        ${blocked}
        ${charts.map(
          ({ question, title, text }) =>
            html`<section class="chart" data-question="${question}" aria-labelledby="${question}-title">
              <header>
                <h2 id="${question}-title">${title}</h2>
                <p class="small">${text}</p>
              </header>
              <div class="canvas"><canvas role="img" aria-label="${title}: the same figures as the table below"></canvas></div>
              <div class="table-scroll" tabindex="0" role="region" aria-label="${title}, figures"><table></table></div>
              <details>
                <summary>SQL</summary>
                <pre tabindex="0"><code>${questions[question]}</code></pre>
              </details>
            </section>`,
        )}
      </div>`,
  );
