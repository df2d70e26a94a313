import { html } from 'hono/html';
import { art } from '../art.ts';
import { euro } from '../catalog.ts';
import { cartLines, freeShippingFrom, lineFacts, shippingOf, subtotal, type Visit } from '../visits.ts';
import { type Html, layout } from './layout.ts';

export function cartPage(visit: Visit): Html {
  const lines = cartLines(visit);
  const facts = lineFacts(lines);
  const value = subtotal(lines);
  const shipping = shippingOf(value);
  const missing = freeShippingFrom - value;
  return layout({
    title: 'Cart',
    visit,
    section: 'cart',
    facts: { kind: 'cart', products: facts, value },
    body: html`<div class="wrap mid">
      <header class="page-head"><h1>Cart</h1></header>
      ${
        lines.length === 0
          ? html`<div class="empty">
              <p class="lede">Nothing in it yet.</p>
              <p><a class="button strong" href="/shop">See what there is</a></p>
            </div>`
          : html`<div class="cart">
              <ul class="lines">
                ${lines.map(
                  ({ product, quantity }, index) =>
                    html`<li class="line">
                      <a class="line-art" href="/products/${product.slug}" tabindex="-1" aria-hidden="true"
                        >${art[product.art]()}</a
                      >
                      <div>
                        <a class="line-name" href="/products/${product.slug}">${product.name}</a>
                        <p class="small">${quantity} × ${euro(product.price)}</p>
                        <form method="post" action="/cart/remove" data-remove="${JSON.stringify(facts[index])}">
                          <input type="hidden" name="product_id" value="${product.id}" />
                          <button class="link">Remove</button>
                        </form>
                      </div>
                      <p class="line-price">${euro(product.price * quantity)}</p>
                    </li>`,
                )}
              </ul>
              <aside class="sums">
                <dl>
                  <dt>Subtotal</dt>
                  <dd>${euro(value)}</dd>
                  <dt>Shipping</dt>
                  <dd>${shipping === 0 ? 'Free' : euro(shipping)}</dd>
                  <dt class="total">Total</dt>
                  <dd class="total">${euro(value + shipping)}</dd>
                </dl>
                ${missing > 0 ? html`<p class="small">${euro(missing)} more and shipping is free.</p>` : ''}
                <a class="button strong wide" href="/checkout/contact" data-track="Link Clicked" data-track-link="checkout">Check out</a>
              </aside>
            </div>`
      }
    </div>`,
  });
}
