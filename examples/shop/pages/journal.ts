import { html, raw } from 'hono/html';
import { art } from '../art.ts';
import { type Article, articles, type Headline, pickHeadline } from '../articles.ts';
import { productById } from '../catalog.ts';
import type { Sound } from '../sounds.ts';
import type { Visit } from '../visits.ts';
import { type Html, layout } from './layout.ts';
import { shelf } from './products.ts';

const day = (date: string): string =>
  new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).format(
    new Date(date),
  );

/** A teaser whose headline is counted when seen and when followed. The link carries which one it was. */
export function teaser(article: Article, placement: string, size: 'lead' | 'brief' = 'brief'): Html {
  const { id, text } = pickHeadline(article);
  return html`<article class="teaser ${size}">
    <a
      href="/journal/${article.slug}?h=${id}"
      data-track-impression="Headline"
      data-track-impression-article-id="${article.id}"
      data-track-impression-headline-id="${id}"
      data-track-impression-headline="${text}"
      data-track-impression-placement="${placement}"
      data-track="Headline Clicked"
      data-track-article-id="${article.id}"
      data-track-headline-id="${id}"
      data-track-headline="${text}"
      data-track-placement="${placement}"
    >
      ${art[article.art]()}
      <div class="teaser-text">
        <p class="kicker">${article.kicker}</p>
        <h3>${text}</h3>
        <p>${article.standfirst}</p>
        <p class="byline"><time datetime="${article.date}">${day(article.date)}</time> · ${article.minutes} min</p>
      </div>
    </a>
  </article>`;
}

export function journalPage(visit: Visit): Html {
  const [lead, ...rest] = articles;
  return layout({
    title: 'Journal',
    visit,
    section: 'journal',
    body: html`<div class="wrap">
      <header class="page-head">
        <h1>Journal</h1>
        <p class="lede">News from a small shop: how things are made, what went wrong, and what the figures say.</p>
      </header>
      ${lead ? teaser(lead, 'journal-lead', 'lead') : ''}
      <div class="teasers">${rest.map((article) => teaser(article, 'journal'))}</div>
    </div>`,
  });
}

function paragraph(part: Article['body'][number]): Html {
  if (typeof part === 'string') return html`<p>${part}</p>`;
  if ('quote' in part) return html`<blockquote><p>${part.quote}</p></blockquote>`;
  return html`<h2>${part.title}</h2>`;
}

/** A sound to play: how it is heard, and how well it streams, is recorded. */
const listen = ({ name, title }: Sound): Html =>
  html`<figure class="listen wrap narrow">
    <figcaption>${title}</figcaption>
    <audio controls preload="metadata" src="/sounds/${name}.wav" data-track-media="${name}" data-track-media-title="${title}"></audio>
  </figure>`;

export function articlePage(visit: Visit, article: Article, headline: Headline): Html {
  const products = article.productIds.flatMap((id) => productById(id) ?? []);
  const next = articles[(articles.indexOf(article) + 1) % articles.length] ?? article;
  return layout({
    title: headline.text,
    visit,
    section: 'journal',
    facts: { kind: 'article', article_id: article.id, headline_id: headline.id },
    body: html`<article class="story-page">
        <header class="wrap narrow">
          <p class="kicker">${article.kicker}</p>
          <h1>${headline.text}</h1>
          <p class="lede">${article.standfirst}</p>
          <p class="byline">
            By ${article.byline} · <time datetime="${article.date}">${day(article.date)}</time> · ${article.minutes} min
          </p>
        </header>
        <div class="story-art wrap">${raw(art[article.art]())}</div>
        ${article.sound ? listen(article.sound) : ''}
        <div class="prose wrap narrow" data-content>${article.body.map(paragraph)}</div>
      </article>
      <div class="wrap">
        <section aria-labelledby="mentioned">
          <h2 class="section-title" id="mentioned">In this story</h2>
          ${shelf(products)}
        </section>
        <section aria-labelledby="next">
          <h2 class="section-title" id="next">Read on</h2>
          ${teaser(next, 'read-on', 'lead')}
        </section>
      </div>`,
  });
}
