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
  test('always holds the newest ids, never what was forgotten, and of older ones no more than as many again', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer(), (steps, seed) => {
        const maxIds = 4; // twice as many are below the cap on candidates
        const window = createIdWindow(maxIds, createSeededRandom(seed));
        let model: { hash: number; seq: number }[] = [];
        let seq = 1_000;
        let added = 0;
        for (const next of steps) {
          if (next.kind === 'add') {
            window.add(next.hash, next.hash % 3, ++seq);
            window.settle();
            added++;
            model = [...model, { hash: next.hash, seq }].slice(-2 * maxIds);
          } else {
            const through = model[Math.floor(next.share * (model.length - 1))]?.seq ?? 0;
            window.forgetThrough(through);
            model = model.filter((id) => id.seq > through);
          }
          const oldestKept = 1_000 + added - maxIds;
          for (let hash = 0; hash <= 40; hash++) {
            const found = window.find(hash, hash % 3);
            const all = model.filter((id) => id.hash === hash).map((id) => id.seq);
            expect(all).toEqual(expect.arrayContaining([...found]));
            expect(found).toEqual(expect.arrayContaining(all.filter((at) => at > oldestKept)));
          }
        }
      }),
    );
  });

  test('what is taken back was never there, and leaves the rest where it was', () => {
    const hash = fc.integer({ min: 0, max: 40 });
    const group = fc.record({ hashes: fc.array(hash, { maxLength: 6 }), isStored: fc.boolean() });
    fc.assert(
      fc.property(fc.array(group, { maxLength: 40 }), (groups) => {
        const maxIds = 8;
        // The same tags in both, and no two of these hashes with one.
        const window = createIdWindow(maxIds, createSeededRandom(1));
        const without = createIdWindow(maxIds, createSeededRandom(1));
        let seq = 0;
        for (const { hashes, isStored } of groups) {
          for (const one of hashes) {
            window.add(one, one % 3, seq + 1);
            if (isStored) without.add(one, one % 3, seq + 1);
          }
          if (!isStored) for (const one of hashes.toReversed()) window.takeBack(one, one % 3, seq + 1);
          else if (hashes.length > 0) {
            seq++;
            window.settle();
            without.settle();
          }
          for (let at = 0; at <= 40; at++) expect(window.find(at, at % 3)).toEqual(without.find(at, at % 3));
        }
        expect(window.find(41, 41 % 3)).toEqual([]);
      }),
    );
  });

  test('looks at no more than eight rows for ids that collide', () => {
    const window = createIdWindow(10);
    const add = (hash: number, seq: number) => {
      window.add(hash, hash, seq);
      window.settle();
    };
    for (let seq = 1; seq <= 8; seq++) add(7, seq);
    for (let seq = 9; seq <= 11; seq++) add(seq, seq);
    for (let seq = 12; seq <= 100; seq++) add(7, seq);
    expect(window.find(7, 7)).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
  });

  test('takes whatever comes at once, many times what it is for', () => {
    const window = createIdWindow(1);
    for (let seq = 1; seq <= 100_000; seq++) window.add(seq, seq, seq);
    expect(window.find(100_000, 100_000)).toContain(100_000);
    for (let seq = 100_000; seq > 90_000; seq--) window.takeBack(seq, seq, seq);
    expect(window.find(100_000, 100_000)).not.toContain(100_000);
    window.settle();
  });

  test('ids that are one in half of their hash do not crowd one place', () => {
    const window = createIdWindow(100_000);
    const startedAt = process.cpuUsage();
    for (let seq = 1; seq <= 100_000; seq++) window.add(7, seq << 12, seq);
    expect(process.cpuUsage(startedAt).user).toBeLessThan(2_000_000);
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
