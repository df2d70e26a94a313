import { expect, test } from 'vitest';
import { checkObject, nearestOf } from './rules.ts';

const known = ['endpoint', 'log', 'trustedProxies', 'port', 'keys'];

test.each([
  { why: 'a letter is missing', name: 'endpont', expected: 'endpoint' },
  { why: 'letters changed places', name: 'prot', expected: 'port' },
  { why: 'small and large letters', name: 'trustedproxies', expected: 'trustedProxies' },
  { why: 'a short one, with one letter wrong', name: 'lok', expected: 'log' },
  { why: 'a short one that is another word', name: 'ip', expected: undefined },
  { why: 'another word altogether', name: 'database', expected: undefined },
])('the name that was meant: $why', ({ name, expected }) => {
  expect(nearestOf(name, known)).toBe(expected);
});

test('an error says where, which, and what is known', () => {
  const rules = { port: ['a port', (value: unknown) => value === 1] } as const;
  expect(() => checkObject('file.ts', { prt: 1 }, rules, [])).toThrow(
    'file.ts: unknown option "prt"; did you mean "port"?; known are port',
  );
  expect(() => checkObject('file.ts', { port: 'x' }, rules, [])).toThrow('file.ts: port: expected a port, got "x"');
  expect(() => checkObject('file.ts', {}, rules, ['port'])).toThrow('file.ts: port: expected a port, got undefined');
});
