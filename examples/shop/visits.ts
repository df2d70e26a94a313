import { randomUUID } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { type Product, productById, productFacts } from './catalog.ts';
import type { LineFacts } from './page-facts.ts';

export interface Account {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly createdAt: string;
}

export interface Order {
  readonly id: string;
  readonly lines: readonly CartLine[];
  readonly subtotal: number;
  readonly shipping: number;
  readonly total: number;
}

export interface CartLine {
  readonly product: Product;
  readonly quantity: number;
}

/** What the shop must remember of somebody to be a shop: strictly necessary, so it asks no consent and feeds no event. */
export interface Visit {
  readonly cart: Map<string, number>;
  readonly orders: Map<string, Order>;
  account?: Account | undefined;
  /** True until the page after signing in has been served. */
  justSignedIn?: boolean | undefined;
}

const cookie = 'shop';
const emptyVisit = (): Visit => ({ cart: new Map(), orders: new Map() });

/** Visits in memory: a restart of the demo empties every cart, and loses no event. */
export function createVisits(): Visits {
  const visits = new Map<string, Visit>();
  const accounts = new Map<string, Account>();

  const open = (c: Context): Visit => {
    const id = getCookie(c, cookie) ?? '';
    return visits.get(id) ?? renew(c, emptyVisit());
  };

  /** The same visit under a new id: a session that somebody planted before sign-in is worth nothing after it. */
  const renew = (c: Context, visit: Visit): Visit => {
    const id = randomUUID();
    visits.delete(getCookie(c, cookie) ?? '');
    visits.set(id, visit);
    setCookie(c, cookie, id, { path: '/', httpOnly: true, sameSite: 'Lax' });
    return visit;
  };

  return {
    peek: (c) => visits.get(getCookie(c, cookie) ?? '') ?? emptyVisit(),
    open,
    signUp(c, email, name) {
      if (accounts.has(email)) return undefined;
      const account = { userId: `u_${randomUUID().slice(0, 8)}`, email, name, createdAt: new Date().toISOString() };
      accounts.set(email, account);
      Object.assign(renew(c, open(c)), { account, justSignedIn: true });
      return account;
    },
    signIn(c, email) {
      const account = accounts.get(email);
      if (account) Object.assign(renew(c, open(c)), { account, justSignedIn: true });
      return account;
    },
    signOut(c) {
      visits.delete(getCookie(c, cookie) ?? '');
      deleteCookie(c, cookie, { path: '/' });
    },
  };
}

export interface Visits {
  /** The visit of this request, for reading: it sets no cookie. */
  peek(c: Context): Visit;
  /** The visit of this request, to put something in it. */
  open(c: Context): Visit;
  /** Undefined if the address has an account. */
  signUp(c: Context, email: string, name: string): Account | undefined;
  /** Undefined if nobody has this address. */
  signIn(c: Context, email: string): Account | undefined;
  signOut(c: Context): void;
}

export function cartLines(visit: Visit): readonly CartLine[] {
  return [...visit.cart].flatMap(([id, quantity]) => {
    const product = productById(id);
    return product ? [{ product, quantity }] : [];
  });
}

export const subtotal = (lines: readonly CartLine[]): number =>
  lines.reduce((sum, { product, quantity }) => sum + product.price * quantity, 0);

export const freeShippingFrom = 80;
const shippingFee = 5.9;
export const shippingOf = (value: number): number => (value >= freeShippingFrom ? 0 : shippingFee);

/** Money from adding floats, back on the cent. */
export const cents = (amount: number): number => Math.round(amount * 100) / 100;

export const lineFacts = (lines: readonly CartLine[]): LineFacts[] =>
  lines.map(({ product, quantity }) => ({ ...productFacts(product), quantity }));
