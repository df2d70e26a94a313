import { createSeededRandom } from '@org/track-core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createIdWindow, hashIds } from './id-window.ts';

type Step = { readonly kind: 'add'; readonly hash: number } | { readonly kind: 'forget'; readonly share: number };

// Few hashes and a small window: collisions, wrap-around and forgetting in every run.
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), hash: fc.integer({ min: 0, max: 40 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('forget' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
);

describe('createIdWindow', () => {
  test('always holds exactly the newest ids, whatever was added and forgotten', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer(), (steps, seed) => {
        const maxIds = 6; // below the cap on candidates
        const window = createIdWindow(maxIds, createSeededRandom(seed));
        let model: { hash: number; seq: number }[] = [];
        let seq = 0;
        for (const next of steps) {
          if (next.kind === 'add') {
            window.add(next.hash, next.hash % 3, ++seq);
            model = [...model, { hash: next.hash, seq }].slice(-maxIds);
          } else {
            const through = model[Math.floor(next.share * (model.length - 1))]?.seq ?? 0;
            window.forgetThrough(through);
            model = model.filter((id) => id.seq > through);
          }
          expect(window.size).toBe(model.length);
          for (let hash = 0; hash <= 40; hash++) {
            const expected = model.filter((id) => id.hash === hash).map((id) => id.seq);
            expect([...window.find(hash, hash % 3)].sort((a, b) => a - b)).toEqual(expected);
          }
        }
      }),
    );
  });

  test('looks at no more than eight rows for ids that collide', () => {
    const window = createIdWindow(100);
    for (let seq = 1; seq <= 100; seq++) window.add(7, 7, seq);
    expect(window.find(7, 7)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(window.size).toBe(8);
  });
});

describe('hashIds', () => {
  test('spreads like ids over 64 bits', () => {
    const ids = Array.from(
      { length: 200_000 },
      (_, index) => `0193488c-5c1e-7d2a-9a3b-${index.toString(16).padStart(12, '0')}`,
    );
    const hashes = hashIds(ids);
    const highs = new Set(hashes.filter((_, index) => index % 2 === 0));
    const lows = new Set(hashes.filter((_, index) => index % 2 === 1));
    const both = new Set(ids.map((_, index) => `${hashes[index * 2]} ${hashes[index * 2 + 1]}`));
    expect(both.size).toBe(ids.length);
    // 200,000 draws from 2^32 collide about five times.
    expect(highs.size).toBeGreaterThan(ids.length - 50);
    expect(lows.size).toBeGreaterThan(ids.length - 50);
  });
});
