import type { Row } from './row.ts';
import { input } from './rows/input.ts';
import { navigation } from './rows/navigation.ts';
import { playing } from './rows/playing.ts';
import { reading } from './rows/reading.ts';

/** All there is, by kind. */
export const rows: readonly Row[] = [...navigation, ...reading, ...input, ...playing];
