import type { Device, Diagnostic } from '@org/track-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type CookieCheckOptions, cookieCheck } from './cookie-check.ts';
import { pageOnly } from './page-only.ts';
import { rootDomain } from './root-domain.ts';
import type { Remembering } from './storage-part.ts';

const known: Device = { anonymousId: 'a', session: ['s', 1, 1] };

let cookie: string; // the browser's one
let refuse: 'silently' | 'by throwing' | undefined;
let said: Diagnostic[];

beforeEach(() => {
  cookie = '';
  refuse = undefined;
  said = [];
  const meet = (): void => {
    if (refuse === 'by throwing') throw new DOMException('The operation is insecure.', 'SecurityError');
  };
  vi.spyOn(document, 'cookie', 'get').mockImplementation(() => {
    meet();
    return cookie;
  });
  vi.spyOn(document, 'cookie', 'set').mockImplementation((text) => {
    meet();
    if (!refuse && text.startsWith('jn=')) [cookie = ''] = text.split(';');
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** The parts that a tracker takes of it. */
function create(options: CookieCheckOptions = {}): Required<Pick<Remembering, 'store' | 'context'>> & Remembering {
  const { store, context, ...rest } = cookieCheck({
    onDiagnostic: (diagnostic) => said.push(diagnostic),
    ...options,
  }) as Remembering;
  if (!store || !context) throw new Error('It leaves these to the tracker');
  return { store, context, ...rest };
}

test.each(['silently', 'by throwing'] as const)(
  'a browser that refuses %s: events say so from the first on, and the host hears it once',
  (way) => {
    refuse = way;
    const { store, context } = create();
    expect(context()).not.toHaveProperty('cookieless'); // nothing was tried
    store.save(known);
    expect(context()).toMatchObject({ cookieless: true, page: { path: '/page' } });
    store.save(known);
    expect(said).toEqual([{ code: 'no-cookie', detail: '' }]);
  },
);

test('a browser that takes it: nothing is said, and what was saved is found', () => {
  const { store, context } = create();
  store.save(known);
  expect(store.load()).toEqual(known);
  expect(context()).not.toHaveProperty('cookieless');
  expect(said).toEqual([]);
});

test('one that takes it again: the next events do not say so any more', () => {
  refuse = 'silently';
  const { store, context } = create();
  store.save(known);
  refuse = undefined;
  store.save(known);
  expect(context()).not.toHaveProperty('cookieless');
});

test('one that keeps another visitor’s cookie refuses ours', () => {
  const { store, context } = create();
  store.save({ ...known, anonymousId: 'another' });
  refuse = 'silently';
  store.save(known);
  expect(context()).toMatchObject({ cookieless: true });
});

test('a decision that is not taken makes nobody cookieless: nobody may be known', () => {
  refuse = 'silently';
  const { store, context } = create();
  store.save({ consent: [{ analytics: false }, 1] });
  expect(context()).not.toHaveProperty('cookieless');
  expect(said).toEqual([]);
});

test.each([
  { why: 'of rootDomain()', storage: rootDomain, expected: { isNoticed: true, hasOutbox: false } },
  {
    why: 'of pageOnly(), which keeps no ids and says so itself',
    storage: pageOnly,
    expected: { isNoticed: false, hasOutbox: true },
  },
])('the storage $why stays what it is', ({ storage, expected }) => {
  refuse = 'silently';
  const { store, context, outbox } = create({ storage: storage() });
  store.save(expected.hasOutbox ? { consent: [{ analytics: true }, 1] } : known);
  expect(context()).toMatchObject({ cookieless: true });
  expect({ isNoticed: said.length > 0, hasOutbox: outbox !== undefined }).toEqual(expected);
});

test('a listener that throws, or none, costs nothing', () => {
  refuse = 'silently';
  const throwing = create({
    onDiagnostic: () => {
      throw new Error('of the host');
    },
  });
  expect(() => throwing.store.save(known)).not.toThrow();
  expect(() => (cookieCheck() as Remembering).store?.save(known)).not.toThrow();
});
