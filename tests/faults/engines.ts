import type { Engine } from './engine.ts';
import { chromium } from './engines/chromium.ts';
import { firefox } from './engines/firefox.ts';
import { webkit } from './engines/webkit.ts';

/** Every browser the rows can be run in. */
export const engines: readonly Engine[] = [chromium, firefox, webkit];
