import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from '../faults/engine.ts';
import { until } from '../faults/until.ts';
import type { Site } from './site.ts';

/** Somebody in front of a page. Targets are CSS selectors; ` >>> ` goes into a shadow tree, or a frame of this site. */
export interface Visitor {
  readonly site: Site;
  readonly page: Page;
  /** Opens a page of the site. */
  open(path: string): Promise<void>;
  click(target: string, options?: { readonly count?: number; readonly button?: 'left' | 'middle' }): Promise<void>;
  /** Clicks into a field and types. */
  fill(target: string, text: string): Promise<void>;
  press: Page['hands']['press'];
  /** Turns the wheel, or presses the key for a page down where the driver has no wheel. */
  scroll(deltaY: number): Promise<void>;
  /** Stays there. */
  stay(ms: number): Promise<void>;
  /** Waits until `check`, run in the page, holds. */
  sees(check: () => boolean): Promise<void>;
  /** Goes on to a page without the tracker. */
  leave(): Promise<void>;
}

const patienceMs = 15_000;

export function createVisitor(site: Site, page: Page): Visitor {
  const { hands } = page;
  let hasWheel = true;

  async function click(target: string, options?: Parameters<Visitor['click']>[1]): Promise<void> {
    const { x, y } = await placeOf(page, target);
    await hands.click(x, y, options);
  }

  return {
    site,
    page,
    open: (path) => page.goto(`${site.origin}${path}`),
    click,
    async fill(target, text) {
      await click(target);
      await hands.type(text);
    },
    press: hands.press,
    async scroll(deltaY) {
      const before = await page.evaluate(() => scrollY);
      const hasMoved = (): Promise<boolean> =>
        until(async () => (await page.evaluate(() => scrollY)) !== before, 1_500);
      if (hasWheel) await hands.wheel(deltaY);
      hasWheel &&= await hasMoved();
      if (!hasWheel) {
        // WebKit's driver turns no wheel, and says nothing of it.
        await hands.press('PageDown');
        if (!(await hasMoved())) throw new Error('The page did not scroll');
      }
      await pause(200);
    },
    stay: (ms) => pause(ms),
    async sees(check) {
      if (!(await until(() => page.evaluate(check).catch(() => false), patienceMs))) {
        throw new Error(`The page never came to this: ${check}`);
      }
    },
    leave: () => page.goto(`${site.origin}/elsewhere`),
  };
}

/** The middle of an element, scrolled into sight, in pixels of the window. */
async function placeOf(page: Page, target: string): Promise<{ readonly x: number; readonly y: number }> {
  const find = (): Promise<ReturnType<typeof placeIn>> => page.evaluate(placeIn, target.split(' >>> '));
  let place = await find();
  await until(async () => {
    place = await find();
    return place !== undefined;
  }, patienceMs);
  if (place === undefined) throw new Error(`There is no ${target}`);
  return place;
}

function placeIn(selectors: readonly string[]): { readonly x: number; readonly y: number } | undefined {
  let root: ParentNode = document;
  let left = 0;
  let top = 0;
  let element: Element | null = null;
  for (const selector of selectors) {
    if (element instanceof Element) {
      const frame = (element as HTMLIFrameElement).contentDocument;
      if (frame) {
        const box: DOMRect = element.getBoundingClientRect();
        left += box.left + element.clientLeft;
        top += box.top + element.clientTop;
      }
      root = frame ?? element.shadowRoot ?? element;
    }
    element = root.querySelector(selector);
    if (!element) return undefined;
    const box: DOMRect = element.getBoundingClientRect();
    if (box.top + top < 0 || box.bottom + top > innerHeight) {
      element.scrollIntoView({ block: 'center', behavior: 'instant' });
      // A frame's own scrolling moves nothing of what is around it.
    }
  }
  // Of a text that runs over several lines the first.
  const box = element?.getClientRects()[0];
  return box?.width ? { x: left + box.left + box.width / 2, y: top + box.top + box.height / 2 } : undefined;
}
