import { expect, test } from 'vitest';
import { topFrame } from './stack-frame.ts';

const place = { file: 'https://shop.example.com/app.js', line: 10, column: 15 };

test.each([
  {
    why: 'Chromium',
    stack: 'TypeError: x\n    at add (https://shop.example.com/app.js:10:15)\n    at https://a.example/b.js:1:1',
  },
  { why: 'Chromium, outside of functions', stack: 'Error\n    at https://shop.example.com/app.js:10:15' },
  { why: 'Chromium, in a constructor', stack: 'Error: x\n    at new Cart (https://shop.example.com/app.js:10:15)' },
  {
    why: 'Chromium, behind a built-in function',
    stack: 'Error\n    at Array.map (<anonymous>)\n    at f (https://shop.example.com/app.js:10:15)',
  },
  {
    why: 'Chromium, in a promise',
    stack: 'Error\n    at async Promise.all (index 0)\n    at async https://shop.example.com/app.js:10:15',
  },
  { why: 'Firefox and Safari', stack: 'add@https://shop.example.com/app.js:10:15\nmain@https://a.example/b.js:1:1' },
  { why: 'Firefox and Safari, outside of functions', stack: '@https://shop.example.com/app.js:10:15' },
  { why: 'Safari, behind native code', stack: 'map@[native code]\nf@https://shop.example.com/app.js:10:15' },
  { why: 'a query and a fragment go', stack: 'Error\n    at f (https://shop.example.com/app.js?token=t#x:10:15)' },
  {
    why: 'a URL in the message is no place',
    stack:
      'Error: no https://ada.example.com/x.js:1:2\nhttps://ada.example.com/x.js:3:4\n    at f (https://shop.example.com/app.js:10:15)',
  },
])('$why', ({ stack }) => {
  expect(topFrame(stack)).toEqual(place);
});

test.each([
  { why: 'a server', stack: 'f@http://localhost:3000/a/b.js:1:2', file: 'http://localhost:3000/a/b.js' },
  { why: 'a file', stack: 'Error\n    at file:///app/main.js:1:2', file: 'file:///app/main.js' },
  { why: 'an extension', stack: 'f@moz-extension://0a1b/content.js:1:2', file: 'moz-extension://0a1b/content.js' },
])('a place may be on $why', ({ stack, file }) => {
  expect(topFrame(stack)).toEqual({ file, line: 1, column: 2 });
});

test.each([
  { why: 'no stack', stack: undefined },
  { why: 'no place', stack: 'Error: x\n    at <anonymous>' },
  { why: 'not a text', stack: { at: 1 } },
  { why: 'a long one', stack: `${'@'.repeat(100_000)}\n    at f (https://shop.example.com/app.js:10:15)` },
])('none is known: $why', ({ stack }) => {
  expect(topFrame(stack)).toBeUndefined();
});
