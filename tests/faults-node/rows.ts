import type { Row } from './row.ts';
import { answers } from './rows/answers.ts';
import { endings } from './rows/endings.ts';
import { load } from './rows/load.ts';
import { outages } from './rows/outages.ts';

/** Everything that is done to a client, in the order of the table. */
export const rows: readonly Row[] = [...outages, ...answers, ...load, ...endings];
