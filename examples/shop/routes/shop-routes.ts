import { randomInt } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { articleBySlug, pickHeadline } from '../articles.ts';
import { categories, productById, productBySlug } from '../catalog.ts';
import { type CheckoutStep, checkoutSteps } from '../page-facts.ts';
import { accountPage, signInPage } from '../pages/account.ts';
import { cartPage } from '../pages/cart.ts';
import { checkoutPage, thanksPage } from '../pages/checkout.ts';
import { homePage } from '../pages/home.ts';
import { articlePage, journalPage } from '../pages/journal.ts';
import { privacyPage } from '../pages/privacy.ts';
import { listPage, productPage } from '../pages/products.ts';
import type { ShopTracker } from '../shop-tracker.ts';
import { recorded } from '../shop-tracker.ts';
import { cartLines, cents, lineFacts, type Order, shippingOf, subtotal, type Visits } from '../visits.ts';

const maxQuantity = 20;

/** The shop and its newsroom. Reading pages are tracked by the browser; what the server knows best, it records here. */
export function shopRoutes(visits: Visits, tracker: ShopTracker): Hono {
  const app = new Hono();

  app.get('/', (c) => c.html(homePage(visits.peek(c))));
  app.get('/shop', (c) => {
    const category = categories.find((name) => name === c.req.query('category'));
    return c.html(listPage(visits.peek(c), category));
  });
  app.get('/products/:slug', (c) => {
    const product = productBySlug(c.req.param('slug'));
    return product ? c.html(productPage(visits.peek(c), product)) : c.notFound();
  });
  app.get('/journal', (c) => c.html(journalPage(visits.peek(c))));
  app.get('/journal/:slug', (c) => {
    const article = articleBySlug(c.req.param('slug'));
    if (!article) return c.notFound();
    return c.html(articlePage(visits.peek(c), article, pickHeadline(article, c.req.query('h'))));
  });
  app.get('/privacy', (c) => c.html(privacyPage(visits.peek(c))));

  app.get('/cart', (c) => c.html(cartPage(visits.peek(c))));
  app.post('/cart/add', async (c) => {
    const form = await c.req.formData();
    const product = productById(text(form, 'product_id'));
    const quantity = Number(text(form, 'quantity'));
    if (!product || !Number.isInteger(quantity) || quantity < 1) return c.text('No such product or quantity.', 400);
    const { cart } = visits.open(c);
    cart.set(product.id, Math.min(maxQuantity, (cart.get(product.id) ?? 0) + quantity));
    return c.redirect('/cart', 303);
  });
  app.post('/cart/remove', async (c) => {
    visits.peek(c).cart.delete(text(await c.req.formData(), 'product_id'));
    return c.redirect('/cart', 303);
  });

  app.get('/checkout/:step', (c) => {
    const step = stepOf(c);
    if (!step) return c.notFound();
    const visit = visits.peek(c);
    return visit.cart.size === 0 ? c.redirect('/cart', 303) : c.html(checkoutPage(visit, step));
  });
  app.post('/checkout/:step', async (c) => {
    const step = stepOf(c);
    if (!step) return c.notFound();
    const visit = visits.peek(c);
    const lines = cartLines(visit);
    if (lines.length === 0) return c.redirect('/cart', 303);
    const next = checkoutSteps[checkoutSteps.indexOf(step) + 1];
    if (next) return c.redirect(`/checkout/${next}`, 303);

    const value = cents(subtotal(lines));
    const shipping = shippingOf(value);
    const total = cents(value + shipping);
    const payment = { value: total, currency: 'EUR', method: 'card' } as const;
    // Who this is, what they agreed to, where they come from: all of it from the request.
    const visitor = tracker.for(c.req.raw);
    const who = visit.account ? { userId: visit.account.userId } : {};

    if (text(await c.req.formData(), 'card') === 'bad') {
      await recorded(c, visitor.track('Payment Failed', { ...payment, reason: 'card_declined' }, who));
      return c.html(checkoutPage(visit, step, 'The bank said no. Try the other card.'), 402);
    }
    const order: Order = { id: `M-${randomInt(100_000, 999_999)}`, lines, subtotal: value, shipping, total };
    await recorded(c, visitor.track('Payment Succeeded', { ...payment, order_id: order.id }, who));
    await recorded(
      c,
      visitor.track(
        'Order Completed',
        { order_id: order.id, products: lineFacts(lines), subtotal: value, shipping, total, currency: 'EUR' },
        who,
      ),
    );
    visit.orders.set(order.id, order);
    visit.cart.clear();
    return c.redirect(`/thanks/${order.id}`, 303);
  });
  app.get('/thanks/:order', (c) => {
    const visit = visits.peek(c);
    const order = visit.orders.get(c.req.param('order'));
    return order ? c.html(thanksPage(visit, order)) : c.notFound();
  });

  app.get('/sign-up', (c) => c.html(signInPage(visits.peek(c), 'up')));
  app.post('/sign-up', async (c) => {
    const form = await c.req.formData();
    const account = visits.signUp(c, text(form, 'email'), text(form, 'name'));
    if (!account) return c.html(signInPage(visits.peek(c), 'up', 'This address has an account already.'), 409);
    await recorded(c, tracker.for(c.req.raw).track('Signed Up', { method: 'email' }, { userId: account.userId }));
    return c.redirect('/account', 303);
  });
  app.get('/sign-in', (c) => c.html(signInPage(visits.peek(c), 'in')));
  app.post('/sign-in', async (c) => {
    const account = visits.signIn(c, text(await c.req.formData(), 'email'));
    if (!account) return c.html(signInPage(visits.peek(c), 'in', 'Nobody here has this address.'), 401);
    await recorded(c, tracker.for(c.req.raw).track('Signed In', { method: 'email' }, { userId: account.userId }));
    return c.redirect('/account', 303);
  });
  app.post('/sign-out', (c) => {
    visits.signOut(c);
    return c.redirect('/', 303);
  });
  app.get('/account', (c) => {
    const visit = visits.peek(c);
    return visit.account ? c.html(accountPage(visit)) : c.redirect('/sign-in', 303);
  });

  return app;
}

const stepOf = (c: Context): CheckoutStep | undefined => checkoutSteps.find((step) => step === c.req.param('step'));

function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
