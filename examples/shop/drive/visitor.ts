import { setTimeout as sleep } from 'node:timers/promises';
import { articles } from '../articles.ts';
import { catalog } from '../catalog.ts';
import type { Random } from './random.ts';
import type { Tab } from './tab.ts';

/** How somebody is: what they answer, how far they go, how they leave. */
export interface Character {
  readonly name: string;
  readonly consent: 'all' | 'analytics' | 'late' | 'refuse';
  readonly goes: 'look' | 'abandon' | 'buy';
  readonly breaks: 'nothing' | 'reload' | 'back' | 'close' | 'crash';
}

/** Every kind of breaking off and every kind of answer turns up among the first dozen; the rest is chance. */
export function characterOf(index: number, name: string, random: Random): Character {
  const consents = ['all', 'all', 'refuse', 'analytics', 'all', 'late'] as const;
  const breakings = ['nothing', 'close', 'reload', 'crash', 'back'] as const;
  return {
    name,
    consent: consents[index % consents.length] ?? 'all',
    goes: random.pick(['look', 'abandon', 'abandon', 'buy', 'buy', 'buy']),
    breaks: breakings[index % breakings.length] ?? 'nothing',
  };
}

const answers: Record<Character['consent'], readonly string[]> = {
  all: ['[data-consent=all]'],
  late: ['[data-consent=all]'],
  refuse: ['[data-consent=necessary]'],
  analytics: ['[data-consent=choose]', '[name=analytics]', '#consent-save'],
};

/** One visit, from the first page to the last word. */
export async function visit(tab: Tab, { name, consent, goes, breaks }: Character, random: Random): Promise<void> {
  const product = (): string => `/products/${random.pick(catalog).slug}`;
  let email: string | undefined; // of those who have an account
  const glance = (): Promise<void> => sleep(random.between(100, 500));

  await tab.open('/');
  await glance();
  // Who has not answered yet and goes on leaves nothing behind: that page's events were only in memory.
  if (consent === 'late') await tab.open('/journal');
  await tab.answer(answers[consent]);

  if (random.chance(0.6)) await read();
  if (random.chance(0.4)) await signUp();
  await browse();
  await breakOff();
  if (goes !== 'look') await fillCart();
  if (goes === 'abandon' && random.chance(0.8)) await startCheckout();
  if (goes === 'buy') await buy();
  if (random.chance(0.4)) await read();
  if (email && random.chance(0.5)) await signInAgain(email);

  async function read(): Promise<void> {
    await tab.open('/journal');
    const link = `.teaser a[href^="/journal/${random.pick(articles).slug}"]`;
    await tab.scroll(random.between(0, 2));
    await tab.look(link);
    if (!(await tab.follow(link, 'Headline Clicked'))) return;
    if (random.chance(0.7)) await tab.listen(random.between(500, 4_000));
    await tab.scroll(random.between(2, 9));
    await glance();
  }

  async function browse(): Promise<void> {
    await tab.open('/shop');
    await glance();
    await tab.scroll(random.between(0, 2));
    await tab.follow(`.card >> nth=${random.between(0, 11)}`, 'Product Clicked');
    await glance();
    if (random.chance(0.5)) await tab.open(product());
    // A picture of a thing one would like to see larger.
    if (tab.path().startsWith('/products/') && random.chance(0.3)) await tab.rage('.product-art');
  }

  async function breakOff(): Promise<void> {
    if (breaks === 'reload') await tab.reload();
    if (breaks === 'back') await tab.back();
    if (breaks === 'crash') {
      await tab.open(product());
      await tab.crash();
    }
    if (breaks === 'close') {
      await tab.open(product());
      await tab.closeOnSubmit('.add .button', 'Product Added');
    }
  }

  async function fillCart(): Promise<void> {
    for (let wanted = random.between(1, 3); wanted > 0; wanted--) {
      await tab.open(product());
      await tab.submit('.add .button', 'Product Added');
      await glance();
    }
    await tab.open('/cart');
    if ((await tab.count('[data-remove]')) > 1 && random.chance(0.5)) {
      await tab.submit('[data-remove] .link', 'Product Removed');
    }
  }

  /** To the last step, with something in the cart: a server that was killed has forgotten what was in it. */
  async function startCheckout(): Promise<void> {
    for (let tries = 0; tries < 6; tries++) {
      await tab.open('/cart');
      if ((await tab.count('[data-remove]')) === 0) {
        await tab.open(product());
        await tab.submit('.add .button', 'Product Added');
        continue;
      }
      await tab.follow('.sums .button', 'Link Clicked');
      if (tab.path() === '/checkout/contact') {
        await tab.fill('[name=name]', name);
        if (goes === 'abandon' && random.chance(0.5)) return;
      }
      if (tab.path() === '/checkout/contact') await tab.submit('.checkout .button', 'Checkout Step Completed');
      if (tab.path() === '/checkout/delivery' && random.chance(0.5)) await tab.check('[value=collect]');
      if (tab.path() === '/checkout/delivery') await tab.submit('.checkout .button', 'Checkout Step Completed');
      if (tab.path() === '/checkout/payment') return;
    }
    throw new Error(`${name} never got to the till`);
  }

  async function buy(): Promise<void> {
    for (let tries = 0; tries < 6; tries++) {
      await startCheckout();
      if (tries === 0 && random.chance(0.25)) {
        await tab.check('[value=bad]');
        await tab.submit('.checkout .button', 'Checkout Step Completed');
        if (tab.path() !== '/checkout/payment') continue;
        await tab.check('[value=good]');
      }
      await tab.submit('.checkout .button', 'Checkout Step Completed');
      if (tab.path().startsWith('/thanks/')) return;
    }
    throw new Error(`${name} never got a receipt`);
  }

  async function signUp(): Promise<void> {
    const address = `${name}-${random.between(0, 1e9)}@example.com`;
    await tab.open('/sign-up');
    await tab.fill('[name=name]', name);
    await tab.fill('[name=email]', address);
    if ((await tab.submit('.checkout .button')) === 303) email = address;
  }

  async function signInAgain(address: string): Promise<void> {
    await tab.open('/account');
    if (tab.path() !== '/account') return; // a server that was killed has forgotten the account
    await tab.submit('[data-sign-out] .button');
    await tab.open('/sign-in');
    await tab.fill('[name=email]', address);
    await tab.submit('.checkout .button');
  }
}
