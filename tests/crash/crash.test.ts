import { createSeededRandom } from '@org/track-core/testing';
import { describe, expect, test } from 'vitest';
import { crashRuns } from './crash-runs.ts';
import { fillDisk, setReadOnly } from './disk-rows.ts';
import { createSmallDisk, waysToFill } from './small-disk.ts';

// More of them: `npm run crash -- --runs 200`.
test('a server that is killed again and again loses no event it acknowledged, and stores none twice', async () => {
  const report = await crashRuns({ runs: 5, random: createSeededRandom(7) });
  expect(report.made).toBeGreaterThan(0);
  expect(report).toMatchObject({ acknowledged: report.made, missing: [], doubled: [], losses: [] });
});

/** Only root may make file systems, and not in every container. */
const onDisk = (by: string): { skip?: boolean; meta?: object } =>
  waysToFill().includes(by)
    ? {}
    : { skip: true, meta: { missing: `There is no ${by} here. To run them, be root on Linux.` } };

const once = (ids: readonly string[]): Record<string, number> => Object.fromEntries(ids.map((id) => [id, 1]));

describe.each(['tmpfs', 'RLIMIT_FSIZE'] as const)('a disk that takes nothing more, by %s', (by) => {
  test(
    'answers 503 and when to come back, then goes on by itself: nothing lost, nothing twice',
    onDisk(by),
    async () => {
      const disk = createSmallDisk(by);
      try {
        const { statuses, retryAfter, acknowledged, stored } = await fillDisk(disk);
        expect({ statuses, retryAfter }).toEqual({
          statuses: { before: 200, full: 503, after: 200 },
          retryAfter: expect.stringMatching(/^[1-9]\d*$/),
        });
        expect(Object.fromEntries(stored)).toEqual(once(acknowledged));
      } finally {
        disk.remove();
      }
    },
  );
});

test(
  'on a read-only disk it does not start, and says why; once it is writable all is there',
  onDisk('tmpfs'),
  async () => {
    const disk = createSmallDisk('tmpfs');
    try {
      const { said, acknowledged, stored } = await setReadOnly(disk);
      expect(said).toContain('it is read-only');
      expect(Object.fromEntries(stored)).toEqual(once(acknowledged));
    } finally {
      disk.remove();
    }
  },
);
