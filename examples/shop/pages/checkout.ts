import { html } from 'hono/html';
import { euro } from '../catalog.ts';
import { type CheckoutStep, checkoutSteps } from '../page-facts.ts';
import { type CartLine, cartLines, lineFacts, type Order, shippingOf, subtotal, type Visit } from '../visits.ts';
import { type Html, layout } from './layout.ts';

const titles: Record<CheckoutStep, string> = { contact: 'Contact', delivery: 'Delivery', payment: 'Payment' };
const buttons: Record<CheckoutStep, string> = {
  contact: 'On to delivery',
  delivery: 'On to payment',
  payment: 'Place the order',
};

const fields: Record<CheckoutStep, (visit: Visit) => Html> = {
  contact: (visit) => html`<label class="field"
      ><span>Name</span><input name="name" autocomplete="off" value="${visit.account?.name ?? 'Demo Person'}" required
    /></label>
    <label class="field"
      ><span>Email</span
      ><input type="email" name="email" autocomplete="off" value="${visit.account?.email ?? 'demo@example.com'}" required
    /></label>
    <p class="small">This is a demo: nothing you type is kept, and none of it is recorded.</p>`,
  delivery: () => html`<fieldset class="choices">
    <legend>How shall it travel?</legend>
    <label><input type="radio" name="delivery" value="post" checked /> <span><b>By post</b> Three days, in a small box.</span></label>
    <label><input type="radio" name="delivery" value="collect" /> <span><b>Collect</b> Ring the bell, mind the cat.</span></label>
  </fieldset>`,
  payment: () => html`<fieldset class="choices">
    <legend>A card that does not exist</legend>
    <label><input type="radio" name="card" value="good" checked /> <span><b>•••• 4242</b> Always works.</span></label>
    <label><input type="radio" name="card" value="bad" /> <span><b>•••• 0002</b> Always declined.</span></label>
  </fieldset>`,
};

const summary = (lines: readonly CartLine[]): Html => {
  const value = subtotal(lines);
  const shipping = shippingOf(value);
  return html`<aside class="sums">
    <ul class="sum-lines">
      ${lines.map(
        ({ product, quantity }) =>
          html`<li><span>${quantity} × ${product.name}</span><span>${euro(product.price * quantity)}</span></li>`,
      )}
    </ul>
    <dl>
      <dt>Shipping</dt>
      <dd>${shipping === 0 ? 'Free' : euro(shipping)}</dd>
      <dt class="total">Total</dt>
      <dd class="total">${euro(value + shipping)}</dd>
    </dl>
  </aside>`;
};

export function checkoutPage(visit: Visit, step: CheckoutStep, problem?: string): Html {
  const lines = cartLines(visit);
  const at = checkoutSteps.indexOf(step);
  return layout({
    title: titles[step],
    visit,
    section: 'cart',
    facts: { kind: 'checkout', step, products: lineFacts(lines), value: subtotal(lines) },
    body: html`<div class="wrap mid">
      <header class="page-head">
        <h1>Check out</h1>
        <ol class="steps">
          ${checkoutSteps.map(
            (name, index) =>
              html`<li ${index === at ? 'aria-current="step"' : ''} class="${index < at ? 'done' : ''}">${titles[name]}</li>`,
          )}
        </ol>
      </header>
      <div class="cart">
        <form class="checkout" method="post" action="/checkout/${step}" data-step="${step}" data-track-form="Checkout" data-track-step="${step}">
          ${problem ? html`<p class="problem" role="alert">${problem}</p>` : ''} ${fields[step](visit)}
          <button class="button strong">${buttons[step]}</button>
        </form>
        ${summary(lines)}
      </div>
    </div>`,
  });
}

export const thanksPage = (visit: Visit, order: Order): Html =>
  layout({
    title: 'Thank you',
    visit,
    facts: { kind: 'receipt', order_id: order.id, total: order.total },
    body: html`<div class="wrap mid">
      <header class="page-head">
        <p class="kicker">Order ${order.id}</p>
        <h1>Thank you. We are already looking for a small box.</h1>
      </header>
      <div class="cart">
        <p class="lede">
          The server recorded this order itself, after the payment went through, and waited until it was on disk. No
          browser can forge it, no blocker can hide it.
        </p>
        ${summary(order.lines)}
      </div>
      <p><a class="button" href="/journal">Something to read while you wait</a></p>
    </div>`,
  });
