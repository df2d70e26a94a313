import { html } from 'hono/html';
import { euro } from '../catalog.ts';
import type { Visit } from '../visits.ts';
import { type Html, layout } from './layout.ts';

export function signInPage(visit: Visit, kind: 'in' | 'up', problem?: string): Html {
  const up = kind === 'up';
  return layout({
    title: up ? 'Sign up' : 'Sign in',
    visit,
    section: 'account',
    body: html`<div class="wrap slim">
      <header class="page-head">
        <h1>${up ? 'Make an account' : 'Welcome back'}</h1>
        <p class="lede">A demo shop asks for no password. Any address will do; it is forgotten when the server stops.</p>
      </header>
      <form class="checkout" method="post" action="/sign-${kind}" data-track-form="Sign ${kind}">
        ${problem ? html`<p class="problem" role="alert">${problem}</p>` : ''}
        ${up ? html`<label class="field"><span>Name</span><input name="name" autocomplete="off" maxlength="40" required /></label>` : ''}
        <label class="field"><span>Email</span><input type="email" name="email" autocomplete="off" maxlength="100" required /></label>
        <button class="button strong">${up ? 'Sign up' : 'Sign in'}</button>
      </form>
      <p class="small">
        ${up ? html`Been here before? <a href="/sign-in">Sign in</a>.` : html`New here? <a href="/sign-up">Make an account</a>.`}
      </p>
    </div>`,
  });
}

export const accountPage = (visit: Visit): Html =>
  layout({
    title: 'Account',
    visit,
    section: 'account',
    body: html`<div class="wrap slim">
      <header class="page-head">
        <h1>Hello, ${visit.account?.name}.</h1>
      </header>
      <h2 class="section-title">Your orders</h2>
      ${
        visit.orders.size === 0
          ? html`<p>None yet. <a href="/shop">See what there is</a>.</p>`
          : html`<ul class="sum-lines">
              ${[...visit.orders.values()].map(
                (order) =>
                  html`<li><a href="/thanks/${order.id}">${order.id}</a><span>${euro(order.total)}</span></li>`,
              )}
            </ul>`
      }
      <form method="post" action="/sign-out" data-sign-out="yes"><button class="button">Sign out</button></form>
    </div>`,
  });
