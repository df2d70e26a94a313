// @vitest-environment node
import { expect, test } from 'vitest';
import { createTracker } from '../create-browser-tracker.ts';
import { debug } from './debug.ts';
import { overlay } from './overlay.ts';

test('where there is no page nothing opens, and nothing throws', async () => {
  const look = overlay();
  const debugging = debug({
    print() {
      throw new Error('nothing happens here');
    },
  });
  const tracker = createTracker({
    endpoint: '/api/j',
    plugins: [look, debugging],
    delivery: [look.delivery, debugging.delivery],
  });
  look.open();
  tracker.track('a');
  look.close();
  expect((await tracker.shutdown()).dropped).toEqual({ shutdown: 1 });
});
