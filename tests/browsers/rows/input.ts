import { atLeast, type Row } from '../row.ts';

/** What hands do: clicks, keys, forms. */
export const input: readonly Row[] = [
  {
    plugin: 'clicks',
    name: 'a tagged button, a label and its field, one in a shadow tree, none of what is to be ignored',
    async visit({ open, click, stay }) {
      await open('/app');
      await click('#add');
      await click('#newsletter');
      await click('x-card >>> button');
      await click('#ignored');
      await stay(200);
    },
    of: /^(Product Added|Newsletter Chosen|Card Opened|Ignored)$/,
    expected: [
      { event: 'Product Added', properties: { product_id: 'p1' } },
      { event: 'Newsletter Chosen' },
      { event: 'Card Opened' },
    ],
  },
  {
    plugin: 'clicks',
    name: 'a tagged button is pressed by a key',
    async visit({ open, page, press, stay }) {
      await open('/app');
      await page.evaluate(() => document.getElementById('add')?.focus());
      await press('Enter');
      await stay(200);
    },
    of: /^Product Added$/,
    expected: [{ event: 'Product Added', properties: { product_id: 'p1' } }],
  },
  {
    plugin: 'autocapture',
    name: 'what is tagged for nothing, and no text beside it',
    async visit({ open, click, stay }) {
      await open('/app');
      await click('#answers');
      await click('#to-products');
      await click('#details');
      await stay(200);
    },
    of: /^Element Clicked$/,
    expected: [
      {
        event: 'Element Clicked',
        properties: {
          element: 'button',
          element_id: 'answers',
          element_path: 'button#answers',
          element_text: undefined,
        },
      },
      { event: 'Element Clicked', properties: { element: 'a', href: /\/app\/products$/ } },
    ],
  },
  {
    plugin: 'rageClicks',
    name: 'three clicks in a row on what does nothing; two on what answers are none',
    async visit({ open, click, stay }) {
      await open('/app');
      await click('#answers', { count: 2 });
      await click('#silent', { count: 3 });
      await stay(200);
    },
    of: /^Rage Clicked$/,
    expected: [{ event: 'Rage Clicked', properties: { element: 'button', element_id: 'silent' } }],
  },
  {
    plugin: 'deadClicks',
    name: 'nothing answers one, something the other',
    async visit({ open, click, stay }) {
      await open('/app');
      await stay(1_300); // the window has just come
      await click('#answers');
      await stay(300);
      await click('#silent');
      await stay(3_000);
    },
    of: /^Dead Clicked$/,
    expected: [{ event: 'Dead Clicked', properties: { element: 'button', element_id: 'silent' } }],
  },
  {
    plugin: 'forms',
    name: 'a form of two steps is filled in and sent',
    isQuick: true,
    async visit({ open, fill, click, stay }) {
      await open('/checkout');
      await fill('#city', 'Tallinn');
      await fill('#street', 'Pikk');
      await click('#next');
      await fill('#card', '4111111111111111');
      await fill('#remark', 'Ring twice');
      await click('#gift');
      await click('#pay');
      await stay(200);
    },
    of: /^Form /,
    expected: [
      { event: 'Form Started', properties: { form_id: 'checkout', field: 'city', step: 'address' } },
      {
        event: 'Form Submitted',
        properties: { form_id: 'checkout', fields_touched: 4, step: 'payment', duration_ms: atLeast(1) },
      },
    ],
  },
  {
    plugin: 'forms',
    name: 'a form is sent by Enter, another one left behind',
    async visit({ open, fill, press, stay, leave }) {
      await open('/checkout');
      await fill('#words', 'lamp');
      await press('Enter');
      await fill('#city', 'Tartu');
      await stay(200);
      await leave();
    },
    of: /^Form /,
    expected: [
      { event: 'Form Started', properties: { form_id: 'search', field: 'words' } },
      { event: 'Form Submitted', properties: { form_id: 'search', fields_touched: 1 } },
      { event: 'Form Started', properties: { form_id: 'checkout', field: 'city' } },
      { event: 'Form Abandoned', properties: { form_id: 'checkout', last_field: 'city', fields_touched: 1 } },
    ],
  },
  {
    plugin: 'errors',
    name: 'one is thrown, one promise rejected, each told once',
    async visit({ open, click, stay }) {
      await open('/app');
      await click('#throws');
      await click('#throws');
      await click('#rejects');
      await stay(300);
    },
    of: /^Error Occurred$/,
    expected: [
      {
        event: 'Error Occurred',
        properties: {
          source: 'error',
          type: 'TypeError',
          message: 'cart is not there',
          file: /\/app$/,
          line: atLeast(1),
        },
      },
      {
        event: 'Error Occurred',
        properties: { source: 'unhandledrejection', type: 'RangeError', message: 'no such size', line: atLeast(1) },
      },
    ],
  },
];
