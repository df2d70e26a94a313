import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createIds, createRandomPool } from './ids.ts';

const uuid = (version: number): RegExp =>
  new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`);
const timeOf = (id: string): number => Number.parseInt(id.slice(0, 13).replace('-', ''), 16);
const zeros = 0n;
const ones = 2n ** 64n - 1n;

afterEach(() => {
  vi.restoreAllMocks();
});

describe('time', () => {
  test('is a UUIDv7 whose first 48 bits are the time', () => {
    const [now] = [Date.UTC(2026, 10, 20, 10)];
    const id = createIds({ now: () => now }).time();
    expect(id).toMatch(uuid(7));
    expect(timeOf(id)).toBe(now);
  });

  test.each([
    { bits: zeros, id: '0193488c-5c1e-7000-8000-000000000000' },
    { bits: ones, id: '0193488c-5c1e-7000-bfff-ffffffffffff' },
  ])('random bits $bits fill all behind the count but the variant', ({ bits, id }) => {
    expect(createIds({ now: () => 0x0193488c5c1e, random64: () => bits }).time()).toBe(id);
  });

  test('counts within one millisecond, and runs ahead of the clock when the count is used up', () => {
    const ids = createIds({ now: () => 1_000 });
    const made = Array.from({ length: 4_097 }, () => ids.time());
    expect(made[0]).toMatch(/^00000000-03e8-7000-/);
    expect(made[1]).toMatch(/^00000000-03e8-7001-/);
    expect(made[4_095]).toMatch(/^00000000-03e8-7fff-/);
    expect(made[4_096]).toMatch(/^00000000-03e9-7000-/);
    expect(made).toEqual([...new Set(made)].sort());
  });

  test('strictly increases whatever the wall clock does', () => {
    const step = fc.oneof(fc.constant(0), fc.integer({ min: -100_000, max: 100_000 }));
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 300 }), (steps) => {
        let now = 1_800_000_000_000;
        const ids = createIds({ now: () => now });
        const made = steps.map((by) => {
          now += by;
          return ids.time();
        });
        expect(made).toEqual([...new Set(made)].sort());
        for (const id of made) expect(id).toMatch(uuid(7));
      }),
    );
  });

  test('follows the clock again once it has caught up', () => {
    let now = 2_000;
    const ids = createIds({ now: () => now });
    ids.time();
    now = 1_000;
    expect(timeOf(ids.time())).toBe(2_000);
    now = 2_001;
    expect(timeOf(ids.time())).toBe(2_001);
  });
});

describe('random', () => {
  test.each([
    { bits: zeros, id: '00000000-0000-4000-8000-000000000000' },
    { bits: ones, id: 'ffffffff-ffff-4fff-bfff-ffffffffffff' },
  ])('random bits $bits fill all but version and variant', ({ bits, id }) => {
    expect(createIds({ now: () => 0, random64: () => bits }).random()).toBe(id);
  });

  test.each([
    { from: 'the host, by default', options: {} },
    { from: 'a pool', options: { random64: createRandomPool() } },
  ])('unlike each other: from $from', ({ options }) => {
    const ids = createIds({ now: Date.now, ...options });
    const made = Array.from({ length: 1_000 }, () => ids.random());
    expect(new Set(made).size).toBe(1_000);
    for (const id of made) expect(id).toMatch(uuid(4));
  });
});

test.each([
  { from: 'the host, by default', options: () => ({}), asked: 256 },
  { from: 'a pool', options: () => ({ random64: createRandomPool() }), asked: 2 },
])('the host is asked for random bits when they are needed, not before: from $from', ({ options, asked }) => {
  const ask = vi.spyOn(crypto, 'getRandomValues');
  const ids = createIds({ now: () => 0, ...options() });
  expect(ask).not.toHaveBeenCalled();
  ids.time();
  expect(ask).toHaveBeenCalledTimes(1);
  for (let made = 1; made < 256; made++) ids.time();
  expect(ask).toHaveBeenCalledTimes(asked);
});
