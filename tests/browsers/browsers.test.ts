import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromium, needs } from '../../scripts/optional.mjs';
import type { Profile } from '../faults/engine.ts';
import { chromium as inChromium } from '../faults/engines/chromium.ts';
import { rows } from './rows.ts';
import { runRow } from './run-row.ts';

// The quick ones. All of them, and other browsers: `npm run test:browsers -- --engine chromium --engine firefox`.
describe('visits in Chromium', needs(chromium), () => {
  let folder: string;
  let profile: Profile;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'browsers-'));
    profile = await inChromium.openProfile(join(folder, 'profile'), { backForwardCache: true });
  });
  afterAll(async () => {
    await profile?.close();
    await rm(folder, { recursive: true, maxRetries: 5 });
  });

  test.each(rows.filter(({ isQuick }) => isQuick))('$plugin: $name', async (row) => {
    expect(await runRow(row, inChromium.name, profile)).toEqual({ kind: 'right' });
  });
});
