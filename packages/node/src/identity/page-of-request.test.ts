import { expect, test } from 'vitest';
import { type PageSigns, pageOfRequest } from './page-of-request.ts';

const signs: PageSigns = {
  method: 'GET',
  url: '/cart?step=2',
  host: 'shop.example',
  isEncrypted: true,
  referer: 'https://shop.example/',
  destination: 'document',
  accept: 'text/html,*/*',
};
const cart = { url: 'https://shop.example/cart?step=2', path: '/cart', search: '?step=2' };
const referrer = 'https://shop.example/';
const home = { url: referrer, path: '/' };

test.each<{ why: string; request: Partial<PageSigns>; page: unknown }>([
  { why: 'a browser opens the page', request: {}, page: { ...cart, referrer } },
  { why: 'nobody knows where from', request: { referer: undefined }, page: cart },
  { why: 'an address that is whole already', request: { url: cart.url, host: undefined }, page: { ...cart, referrer } },
  {
    why: 'a whole address as a server behind a proxy writes it',
    request: { url: cart.url.replace('https', 'http') },
    page: { ...cart, referrer },
  },
  {
    why: 'a whole address without TLS',
    request: { url: cart.url.replace('https', 'http'), isEncrypted: false },
    page: { ...cart, url: 'http://shop.example/cart?step=2', referrer },
  },
  {
    why: 'without TLS',
    request: { isEncrypted: false },
    page: { ...cart, url: 'http://shop.example/cart?step=2', referrer },
  },
  { why: 'a browser that does not say what for', request: { destination: undefined }, page: { ...cart, referrer } },
  { why: "a page's script asks: it is that page", request: { destination: 'empty' }, page: home },
  { why: 'a form is sent: it is its page', request: { method: 'POST' }, page: home },
  { why: 'a client that wants no page', request: { destination: undefined, accept: '*/*' }, page: home },
  { why: 'no host to complete it', request: { host: undefined }, page: home },
  { why: 'a host that is none', request: { host: 'a b' }, page: home },
  { why: 'a host with a password', request: { host: 'u:p@shop.example' }, page: home },
  { why: 'nothing is known', request: { url: undefined, referer: undefined }, page: undefined },
  { why: 'an address in asterisk form', request: { url: '*', referer: undefined }, page: undefined },
])('$why', ({ request, page }) => {
  expect(pageOfRequest({ ...signs, ...request })).toEqual(page);
});
