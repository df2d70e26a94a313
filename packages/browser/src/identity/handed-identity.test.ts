import { expect, test } from 'vitest';
import { createHandedIdentity } from './handed-identity.ts';

const handed = { anonymousId: 'a1', userId: 'u1', sessionId: 's1' };

test('an event is about whom the page named, in the visit it named', () => {
  const identity = createHandedIdentity(handed);
  expect(identity.touch()).toEqual({ anonymousId: 'a1', userId: 'u1', session: { id: 's1' } });
  expect(identity.known()).toMatchObject({ anonymousId: 'a1', userId: 'u1' });
});

test('nobody is made up', () => {
  const who = createHandedIdentity({}).touch();
  expect(JSON.stringify(who)).toBe('{}');
});

test.each([
  { why: 'a name for somebody unknown', ids: { anonymousId: 'a1', sessionId: 's1' }, isSame: false, kept: true },
  { why: 'the same name again', ids: { ...handed, userId: 'u2' }, isSame: false, kept: true },
  { why: 'another name for the same person', ids: handed, isSame: true, kept: true },
  { why: 'another person, whose ids nobody told', ids: handed, isSame: false, kept: false },
])('$why: are the ids still theirs? $kept', ({ ids, isSame, kept }) => {
  const identity = createHandedIdentity(ids);
  const expected = kept ? { anonymousId: 'a1', userId: 'u2', session: { id: 's1' } } : { userId: 'u2' };
  expect(identity.touch('u2', isSame)).toEqual(expected);
  expect(identity.touch()).toEqual(expected);
});

test('forgotten is forgotten', () => {
  const identity = createHandedIdentity(handed);
  identity.remember([{ analytics: true }, 1]);
  identity.reset();
  expect(identity.touch()).toEqual({});
});
