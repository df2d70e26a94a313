import type { Page } from 'playwright';

/** Something that somebody does on a page for a while. */
export interface Visit {
  readonly title: string;
  /** Path of the page on the site. */
  readonly path: string;
  readonly html: string;
  act(page: Page): Promise<void>;
}

const words = 'So the story went on, from one line to the next, and nobody put it down. ';

const page = (title: string, body: string, script: string): string => `<!doctype html><html lang="en"><head>
<meta charset="utf-8"><link rel="icon" href="data:,"><title>${title}</title><script src="/tracker.js"></script>
<style>body { max-width: 40em; margin: auto } img { display: block; width: 100% } button { margin: 4px }</style></head>
<body>${body}<script>${script}</script></body></html>`;

const part = (_: unknown, at: number): string =>
  `<h2 data-track-impression="Part" data-track-impression-id="part-${at}">Part ${at}</h2>` +
  `<p>${words.repeat(12)} <a href="/elsewhere?${at}">More</a></p><img loading="lazy" alt="" src="/picture.svg?${at}">`;

const article: Visit = {
  title: 'A long article, read to its end',
  path: '/article-of-60-parts',
  html: page(
    'A long article',
    `<article>${Array.from({ length: 60 }, part).join('')}</article>`,
    "addEventListener('click', (event) => event.target.closest('a') && event.preventDefault())",
  ),
  async act(tab) {
    const { mouse } = tab;
    for (let turn = 0; turn < 60; turn++) {
      await mouse.move(300 + turn, 300);
      await mouse.wheel(0, 600);
      await tab.waitForTimeout(40);
    }
    for (let click = 0; click < 5; click++) {
      await mouse.click(400, 150 + click * 60);
      await tab.waitForTimeout(100);
    }
  },
};

const shelf = (_: unknown, at: number): string =>
  `<li id="shelf-${'abcdefghij'[at % 10]}">` +
  Array.from({ length: 20 }, () => '<button type="button"><b>Add</b></button>').join('') +
  '</li>';

const storm: Visit = {
  title: 'A storm of clicks and keys',
  path: '/storm',
  html: page(
    'A shop',
    `<form id="search"><input id="words" name="words"></form><p id="count">0</p><ul>${Array.from({ length: 10 }, shelf).join('')}</ul>`,
    `let count = 0;
     addEventListener('click', (event) => {
       if (!event.target.closest('button')) return;
       document.getElementById('count').textContent = ++count;
     });`,
  ),
  async act(tab) {
    const boxes = await tab.$$eval('button', (buttons) =>
      buttons.slice(0, 60).map((button) => {
        const { x, y, width, height } = button.getBoundingClientRect();
        return [x + width / 2, y + height / 2] as const;
      }),
    );
    for (const [x, y] of boxes) {
      await tab.mouse.click(x, y);
      await tab.waitForTimeout(20);
    }
    await tab.click('#words');
    await tab.keyboard.type('a lamp that is not too bright', { delay: 20 });
  },
};

export const visits: readonly Visit[] = [article, storm];
