import type { Row } from './row.ts';
import { inTheBrowser } from './rows/browser.ts';
import { leaving } from './rows/leaving.ts';
import { outages } from './rows/outages.ts';
import { storage } from './rows/storage.ts';

/** Everything that is done to a client, in the order of the table. */
export const rows: readonly Row[] = [...leaving, ...outages, ...storage, ...inTheBrowser];
