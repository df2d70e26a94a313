// The tracking plan: every event the shop records, written once. The server checks against it; the browser imports
// only its types, so it costs the page no bytes.
import { definePlan } from '@org/track-node';
import { z } from 'zod';

const productId = z.string().regex(/^p\d{2}$/);
const price = z.number().nonnegative();
const currency = z.literal('EUR');
const percent = z.number().int().min(0).max(100);

const product = z.object({
  product_id: productId,
  name: z.string(),
  category: z.string(),
  price,
  currency,
});
const line = product.extend({ quantity: z.number().int().positive() });
const headline = z.object({
  article_id: z.string(),
  headline_id: z.string(),
  headline: z.string(),
  placement: z.string(),
});
const checkoutStep = z.enum(['contact', 'delivery', 'payment']);

/** What `media()` tells of a sound or a film; all its events say how much was played, and how well. */
const playing = z.looseObject({
  session_id: z.string(),
  media_type: z.enum(['audio', 'video']),
  watched_ms: z.number().nonnegative(),
  stall_count: z.number().int().nonnegative(),
  stall_ms: z.number().nonnegative(),
});
const form = z.looseObject({ form_id: z.string(), step: z.string().optional() });

export const plan = definePlan({
  version: '1',
  events: {
    'Product List Viewed': {
      description: 'A shelf of the shop was on screen.',
      properties: z.object({ list_id: z.string(), category: z.string(), products: z.array(productId) }),
    },
    'Product Clicked': {
      description: 'A product was picked from a shelf.',
      properties: z.object({ product_id: productId, href: z.url() }),
    },
    'Link Clicked': {
      description: 'A marked link was followed.',
      properties: z.object({ link: z.string(), href: z.url() }),
    },
    'Product Viewed': { description: 'A product page was opened.', properties: product },
    'Product Added': {
      description: 'The button was pressed. Only the order says what was bought.',
      properties: line,
    },
    'Product Removed': { description: 'It went back on the shelf.', properties: line },
    'Cart Viewed': {
      description: 'What was in the cart, and what it came to.',
      properties: z.object({ products: z.array(line), value: price, currency }),
    },
    'Checkout Started': {
      description: 'The way to the till was taken.',
      properties: z.object({ products: z.array(line), value: price, currency }),
    },
    'Checkout Step Viewed': {
      description: 'Contact, delivery or payment was asked for.',
      properties: z.object({ step: checkoutStep }),
    },
    'Checkout Step Completed': {
      description: 'That it was given; never what was given.',
      properties: z.object({ step: checkoutStep }),
    },

    'Receipt Viewed': {
      description: 'The order was shown to whoever placed it. It is no order: that only the server can say.',
      source: 'browser',
      properties: z.object({ order_id: z.string(), total: price }),
    },

    Impression: {
      description: 'Something marked was in view, at least half of it, for half a second. Here: headlines.',
      properties: headline.extend({
        name: z.literal('Headline'),
        share: z.number().min(0).max(1),
        visible_ms: z.number().nonnegative(),
      }),
    },
    'Headline Clicked': {
      description: 'The story behind it was opened.',
      properties: headline.extend({ href: z.url() }),
    },
    'Article Read': {
      description: 'How far somebody has read. Repeated as it grows, so the largest of a page view counts.',
      properties: z.object({
        view_id: z.string(),
        article_id: z.string(),
        headline_id: z.string(),
        percent,
        seconds: z.number().nonnegative(),
      }),
    },
    'Page Engaged': {
      description: 'Visible and active seconds, and the share of the content seen. Repeated as it grows.',
      properties: z.object({ view_id: z.string(), percent, seconds: z.number().nonnegative() }),
    },

    'Form Started': { description: 'A first field was changed: which form, which field.', properties: form },
    'Form Submitted': { description: 'It was sent: how many fields, how long it took.', properties: form },
    'Form Abandoned': { description: 'It was left before that, and after which field.', properties: form },
    'Rage Clicked': {
      description: 'The same thing was pressed three times within a second.',
      properties: z.looseObject({ element: z.string(), element_path: z.string() }),
    },
    'Web Vitals': {
      description: 'How fast the page felt, in milliseconds.',
      properties: z.looseObject({ lcp_ms: z.number().optional(), inp_ms: z.number().optional() }),
    },
    'Video Playback Started': { description: 'Play was pressed.', properties: playing },
    'Video Playback Paused': { description: 'It was paused.', properties: playing },
    'Video Playback Resumed': { description: 'It went on.', properties: playing },
    'Video Playback Seek Started': { description: 'The handle was dragged away from here.', properties: playing },
    'Video Playback Seek Completed': { description: 'And to here.', properties: playing },
    'Video Playback Buffer Started': { description: 'It came too slowly, and stopped.', properties: playing },
    'Video Playback Buffer Completed': { description: 'It went on, and after which wait.', properties: playing },
    'Video Playback Interrupted': { description: 'It broke.', properties: playing },
    'Video Playback Completed': { description: 'It was over.', properties: playing },
    'Video Playback Exited': { description: 'The page was left, or the sound.', properties: playing },
    'Video Content Started': { description: 'The first sound was heard.', properties: playing },
    'Video Content Playing': { description: 'It plays: every ten seconds.', properties: playing },
    'Video Content Completed': { description: 'It was played to its end.', properties: playing },
    'Video Quality Updated': { description: 'The picture got larger or smaller.', properties: playing },

    'Signed Up': {
      description: 'An account was made.',
      source: 'server',
      properties: z.object({ method: z.literal('email') }),
    },
    'Signed In': {
      description: 'Somebody came back to theirs.',
      source: 'server',
      properties: z.object({ method: z.literal('email') }),
    },
    'Payment Succeeded': {
      description: 'The bank said yes.',
      source: 'server',
      properties: z.object({ order_id: z.string(), value: price, currency, method: z.string() }),
    },
    'Payment Failed': {
      description: 'The bank said no, and why.',
      source: 'server',
      properties: z.object({ value: price, currency, method: z.string(), reason: z.string() }),
    },
    'Order Completed': {
      description: 'Money moved. Only the server may say so: the collector refuses it from browsers.',
      source: 'server',
      purpose: 'analytics',
      properties: z.object({
        order_id: z.string(),
        products: z.array(line).min(1),
        subtotal: price,
        shipping: price,
        total: price,
        currency,
      }),
    },
  },
});
