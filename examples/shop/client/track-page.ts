import type { CheckoutStep, LineFacts, PageFacts, ProductFacts, SignInFacts } from '../page-facts.ts';
import { readFacts } from './page-facts.ts';
import type { ShopTracker } from './tracker.ts';

/** The page that was opened, as the event it stands for; again when it comes back from the back/forward cache. */
export function trackPage(tracker: ShopTracker): void {
  trackFacts(tracker);
  addEventListener('pageshow', ({ persisted }) => persisted && trackFacts(tracker));
}

function trackFacts(tracker: ShopTracker): void {
  const page = readFacts<PageFacts>('page-facts');
  switch (page?.kind) {
    case 'list': {
      const { list_id, category, products } = page;
      tracker.track('Product List Viewed', { list_id, category, products: [...products] });
      break;
    }
    case 'product':
      tracker.track('Product Viewed', page.product);
      break;
    case 'cart':
      tracker.track('Cart Viewed', { products: [...page.products], value: page.value, currency: 'EUR' });
      break;
    case 'receipt':
      // The server said "Order Completed". This is the other side of the same order, under the same number.
      tracker.track('Receipt Viewed', { order_id: page.order_id, total: page.total });
      break;
    case 'checkout':
      if (page.step === 'contact') {
        tracker.track('Checkout Started', { products: [...page.products], value: page.value, currency: 'EUR' });
      }
      tracker.track('Checkout Step Viewed', { step: page.step });
      break;
  }
}

/**
 * Forms that change the cart or end a checkout step. They submit as forms do, and the page goes away in the same task:
 * the tracker has stored the event by then, so nothing here waits for it.
 */
export function trackForms(tracker: ShopTracker): void {
  document.addEventListener('submit', ({ target }) => {
    if (!(target instanceof HTMLFormElement)) return;
    const { add, remove, step, signOut } = target.dataset;
    if (add) {
      const quantity = Number(new FormData(target).get('quantity'));
      tracker.track('Product Added', { ...(JSON.parse(add) as ProductFacts), quantity });
    }
    if (remove) tracker.track('Product Removed', JSON.parse(remove) as LineFacts);
    if (step) tracker.track('Checkout Step Completed', { step: step as CheckoutStep });
    if (signOut) tracker.reset(); // whoever uses this device next is somebody else
  });
}

/** The server says once that somebody signed in; from here on this device's events are theirs. */
export function identifyAfterSignIn(tracker: ShopTracker): void {
  const facts = readFacts<SignInFacts>('sign-in-facts');
  if (facts) tracker.identify(facts.userId, { createdAt: facts.createdAt });
}
