import { html } from 'hono/html';
import { plan } from '../plan.ts';
import type { Visit } from '../visits.ts';
import { type Html, layout } from './layout.ts';

/** Written from the plan, so that it cannot say less than what is recorded. */
export const privacyPage = (visit: Visit): Html =>
  layout({
    title: 'What we record',
    visit,
    body: html`<div class="wrap narrow prose-plain">
      <header class="page-head">
        <h1>What we record</h1>
        <p class="lede">
          With your yes: page views, clicks on marked elements, and the events below. Without it: nothing, neither in
          your browser nor here, save that a page was served: which one, when, and to which make of browser, with nothing
          that tells whose it was.
        </p>
      </header>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Event</th>
              <th scope="col">Purpose</th>
              <th scope="col">Recorded by</th>
              <th scope="col">Meaning</th>
            </tr>
          </thead>
          <tbody>
            ${Object.entries(plan.events).map(
              ([name, event]) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  <td>${'purpose' in event ? event.purpose : 'analytics'}</td>
                  <td>${'source' in event ? event.source : 'browser'}</td>
                  <td>${event.description}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <p>
        The cart and the sign-in need one cookie, <code>shop</code>. It holds a random number, ends with your visit and is
        no part of any event. A second small cookie remembers your answer and, after a yes, a random id.
      </p>
    </div>`,
  });

export const notFoundPage = (visit: Visit): Html =>
  layout({
    title: 'Not here',
    visit,
    body: html`<div class="wrap slim">
      <header class="page-head">
        <h1>This page fell behind the shelf.</h1>
        <p class="lede">Or it was never there.</p>
      </header>
      <p><a class="button strong" href="/shop">Back to the shop</a></p>
    </div>`,
  });
