import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createIds } from './ids.ts';

const uuid = (version: number): RegExp =>
  new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`);
const timeOf = (id: string): number => Number.parseInt(id.slice(0, 13).replace('-', ''), 16);
const filledWith =
  (byte: number) =>
  (bytes: Uint8Array): void => {
    bytes.fill(byte);
  };

describe('time', () => {
  test('is a UUIDv7 whose first 48 bits are the time', () => {
    const [now] = [Date.UTC(2026, 10, 20, 10)];
    const id = createIds({ now: () => now }).time();
    expect(id).toMatch(uuid(7));
    expect(timeOf(id)).toBe(now);
  });

  test.each([
    { byte: 0x00, id: '0193488c-5c1e-7000-8000-000000000000' },
    { byte: 0xff, id: '0193488c-5c1e-77ff-bfff-ffffffffffff' },
  ])('random bytes of $byte fill all but version, variant and the room to count in', ({ byte, id }) => {
    expect(createIds({ now: () => 0x0193488c5c1e, fillRandom: filledWith(byte) }).time()).toBe(id);
  });

  test('counts within one millisecond, and runs ahead of the clock when the count is used up', () => {
    const ids = createIds({ now: () => 1_000, fillRandom: filledWith(0xff) });
    const made = Array.from({ length: 2_050 }, () => ids.time());
    expect(made[1]).toMatch(/^00000000-03e8-7800-/);
    expect(made[2_048]).toMatch(/^00000000-03e8-7fff-/);
    expect(made[2_049]).toMatch(/^00000000-03e9-77ff-/);
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
    { byte: 0x00, id: '00000000-0000-4000-8000-000000000000' },
    { byte: 0xff, id: 'ffffffff-ffff-4fff-bfff-ffffffffffff' },
  ])('random bytes of $byte fill all but version and variant', ({ byte, id }) => {
    expect(createIds({ now: () => 0, fillRandom: filledWith(byte) }).random()).toBe(id);
  });

  test('by default from the host’s crypto, unlike each other', () => {
    const ids = createIds({ now: Date.now });
    const made = Array.from({ length: 1_000 }, () => ids.random());
    expect(new Set(made).size).toBe(1_000);
    for (const id of made) expect(id).toMatch(uuid(4));
  });
});

test('random bytes are asked for when the first id is made, not before', () => {
  let fills = 0;
  const ids = createIds({ now: () => 0, fillRandom: () => fills++ });
  expect(fills).toBe(0);
  ids.time();
  expect(fills).toBe(1);
});
