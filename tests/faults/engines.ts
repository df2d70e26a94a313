import type { Engine } from './engine.ts';
import { chromium } from './engines/chromium.ts';

/** Every browser the rows can be run in. */
export const engines: readonly Engine[] = [chromium];
