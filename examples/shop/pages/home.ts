import { html } from 'hono/html';
import { art } from '../art.ts';
import { articles } from '../articles.ts';
import { catalog } from '../catalog.ts';
import type { Visit } from '../visits.ts';
import { teaser } from './journal.ts';
import { type Html, layout } from './layout.ts';
import { shelf } from './products.ts';

const featured = ['p01', 'p10', 'p03', 'p06'];

export function homePage(visit: Visit): Html {
  const products = featured.flatMap((id) => catalog.find((product) => product.id === id) ?? []);
  return layout({
    title: 'Things for the table',
    visit,
    facts: { kind: 'list', list_id: 'home', category: 'Featured', products: featured },
    body: html`<div class="wrap">
      <section class="hero">
        <div class="hero-text">
          <h1>Things for the table, and the hour around it.</h1>
          <p class="lede">Twelve objects, made slowly, by people whose names we know. Plus a journal about how that goes.</p>
          <p class="hero-links">
            <a class="button strong" href="/shop" data-track="Link Clicked" data-track-link="hero-shop">See all twelve</a>
            <a class="button" href="/journal" data-track="Link Clicked" data-track-link="hero-journal">Read the journal</a>
          </p>
        </div>
        <a class="hero-art" href="/products/plum-teapot" aria-label="Plum teapot" data-track="Link Clicked" data-track-link="hero-art">${art.teapot()}</a>
      </section>
      <section aria-labelledby="now">
        <h2 class="section-title" id="now">On the table this week</h2>
        ${shelf(products)}
      </section>
      <section aria-labelledby="journal">
        <h2 class="section-title" id="journal">From the journal</h2>
        <div class="teasers">${articles.slice(0, 3).map((article) => teaser(article, 'home'))}</div>
      </section>
    </div>`,
  });
}
