import { describe, expect, test } from 'vitest';
import { assaults } from './assaults.ts';
import { fuzzBodies } from './fuzz-bodies.ts';

// More of them: `npm run fuzz -- --bodies 100000`.
test('bodies of every kind: each answer is right, every valid event is stored once, and none brings the server down', async () => {
  const seed = Date.now() % 1e6;
  const { bodies, statuses, wrong, missing, doubled, hasCrashed } = await fuzzBodies({ bodies: 1_000, seed });
  expect({ seed, wrong, missing, doubled, hasCrashed }).toEqual({
    seed,
    wrong: [],
    missing: [],
    doubled: [],
    hasCrashed: false,
  });
  expect(bodies).toBeGreaterThanOrEqual(1_000);
  expect(statuses[200]).toBeGreaterThan(bodies / 3);
});

describe('whatever one sender does, others are served', () => {
  test.each(assaults)('$name', async ({ run }) => {
    const { served, refused, unanswered, grownBytes, hasCrashed } = await run({ connections: 500, forMs: 500 });
    expect({ refused, unanswered, hasCrashed }).toEqual({ refused: 0, unanswered: 0, hasCrashed: false });
    expect(served).toBeGreaterThan(0);
    expect(grownBytes).toBeLessThan(400 * 1024 * 1024);
  });
});
