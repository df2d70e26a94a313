import { html } from 'hono/html';
import { art } from '../art.ts';
import { type Category, catalog, categories, euro, type Product, productFacts } from '../catalog.ts';
import type { Visit } from '../visits.ts';
import { type Html, layout } from './layout.ts';

/** A shelf: cards in a grid. */
export const shelf = (products: readonly Product[]): Html =>
  html`<ul class="shelf">
    ${products.map(
      (product) =>
        html`<li>
          <a class="card" href="/products/${product.slug}" data-track="Product Clicked" data-track-product-id="${product.id}">
            ${art[product.art]()}
            <span class="card-name">${product.name}</span>
            <span class="card-price">${euro(product.price)}</span>
            <span class="card-line">${product.line}</span>
          </a>
        </li>`,
    )}
  </ul>`;

export function listPage(visit: Visit, category: Category | undefined): Html {
  const products = catalog.filter((product) => !category || product.category === category);
  const filter = (name: string, href: string, on: boolean): Html =>
    html`<a class="chip" href="${href}" ${on ? 'aria-current="true"' : ''} data-track="Link Clicked" data-track-link="filter">${name}</a>`;
  return layout({
    title: category ?? 'Shop',
    visit,
    section: 'shop',
    facts: {
      kind: 'list',
      list_id: 'shop',
      category: category ?? 'All',
      products: products.map(({ id }) => id),
    },
    body: html`<div class="wrap">
      <header class="page-head">
        <h1>${category ?? 'Everything we make'}</h1>
        <nav class="chips" aria-label="Category">
          ${filter('Everything', '/shop', !category)}
          ${categories.map((name) => filter(name, `/shop?category=${name}`, name === category))}
        </nav>
      </header>
      ${shelf(products)}
    </div>`,
  });
}

export function productPage(visit: Visit, product: Product): Html {
  const facts = productFacts(product);
  const others = catalog.filter(({ category, id }) => category === product.category && id !== product.id).slice(0, 4);
  return layout({
    title: product.name,
    visit,
    section: 'shop',
    facts: { kind: 'product', product: facts },
    body: html`<div class="wrap">
      <article class="product">
        <div class="product-art">${art[product.art]()}</div>
        <div class="product-text">
          <p class="kicker"><a href="/shop?category=${product.category}">${product.category}</a></p>
          <h1>${product.name}</h1>
          <p class="product-line">${product.line}</p>
          <p class="price">${euro(product.price)}</p>
          <form class="add" method="post" action="/cart/add" data-add="${JSON.stringify(facts)}" data-track-form="Add to cart">
            <input type="hidden" name="product_id" value="${product.id}" />
            <label>
              <span class="visually-hidden">Quantity</span>
              <select name="quantity">
                ${[1, 2, 3, 4].map((quantity) => html`<option>${quantity}</option>`)}
              </select>
            </label>
            <button class="button strong">Add to cart</button>
          </form>
          <p class="story">${product.story}</p>
          <ul class="facts">
            ${product.facts.map((fact) => html`<li>${fact}</li>`)}
          </ul>
        </div>
      </article>
      <section aria-labelledby="others">
        <h2 class="section-title" id="others">On the same shelf</h2>
        ${shelf(others)}
      </section>
    </div>`,
  });
}
