import 'fake-indexeddb/auto';
import type { Plan, Tracker } from '@org/track-core';
import { createConsent } from '@org/track-core';
import { Activity, act, createElement as h, type ReactNode, StrictMode, useEffect, useSyncExternalStore } from 'react';
import { createRoot, hydrateRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { pageViews } from './capture/page-views.ts';
import { createTracker } from './create-browser-tracker.ts';
import { Impression, TrackProvider, useTrack } from './react.ts';

let root: Root;
let tracked: unknown[][];
const tracker = { track: (...args: unknown[]) => tracked.push(args) } as unknown as Tracker<Plan, 'browser'>;

const used = new Set<unknown>();
const mounted = vi.fn();

function Buy({ count }: { readonly count: number }): ReactNode {
  const track = useTrack();
  used.add(track);
  return h('button', { type: 'button', onClick: () => track('Product Added', { count }) });
}

function Mounting(): ReactNode {
  const track = useTrack();
  useEffect(() => {
    mounted();
    track('Effect Ran');
  }, [track]);
  return null;
}

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  tracked = [];
  root = createRoot(document.body.appendChild(document.createElement('main')));
});

afterEach(() => {
  act(() => root.unmount());
  document.body.innerHTML = '';
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const render = (node: ReactNode): void => act(() => root.render(node));
const inside = (node: ReactNode): ReactNode => h(TrackProvider, { tracker }, node);

describe('useTrack', () => {
  test('is the tracker’s own track, the same in every render', () => {
    render(inside(h(Buy, { count: 1 })));
    render(inside(h(Buy, { count: 2 })));
    act(() => document.querySelector('button')?.click());
    expect([...used]).toEqual([tracker.track]);
    expect(tracked).toEqual([['Product Added', { count: 2 }]]);
  });

  test('without a provider it says so while the page is written', () => {
    expect(() => render(h(Buy, { count: 1 }))).toThrow('<TrackProvider tracker={…}>');
  });
});

test('what React mounts twice is one page view, and each effect’s event is its own', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.stubGlobal('fetch', () => new Promise(() => {}));
  const real = createTracker({ endpoint: '/api/j', capture: [pageViews()], consent: { model: 'opt-out' } });
  render(h(StrictMode, null, h(TrackProvider, { tracker: real }, h(Mounting))));
  expect(mounted).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(50);
  expect(real.stats().accepted).toBe(3);
  vi.useRealTimers();
  await real.shutdown({ deadlineMs: 1 });
});

const undecided = { preferences: {}, gpc: false };
const consent = createConsent({ gpc: true, initial: { analytics: true }, now: Date.now });

function Banner(): ReactNode {
  const { preferences, gpc } = useSyncExternalStore(consent.onChange, consent.get, () => undecided);
  return h('p', null, JSON.stringify([preferences, gpc]));
}

test('a banner, as the guide has it, takes over what a server rendered, also for whoever has decided', () => {
  const complaints: unknown[] = [];
  const main = document.querySelector('main') as HTMLElement;
  act(() => root.unmount());
  main.innerHTML = renderToString(h(Banner));
  expect(main.textContent).toBe('[{},false]');
  act(() => {
    root = hydrateRoot(main, h(Banner), { onRecoverableError: (error) => complaints.push(error) });
  });
  expect(complaints).toEqual([]);
  expect(main.textContent).toBe('[{"analytics":true,"advertising":false},true]');
  act(() => consent.set({ analytics: false }));
  expect(main.textContent).toBe('[{"analytics":false,"advertising":false},true]');
});

describe('Impression', () => {
  interface View {
    /** Share of it in view. */
    readonly ratio?: number;
    /** Height in view, pixels; the window has 600. */
    readonly height?: number;
    readonly isFramed?: boolean;
  }
  let observers: { readonly show: (view: View) => void; readonly element: Element | undefined }[];

  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(false);
    observers = [];
    vi.stubGlobal(
      'IntersectionObserver',
      class {
        observed: Element | undefined;
        constructor(tell: (entries: unknown[]) => void) {
          observers.push({
            element: undefined,
            show: ({ ratio = 0, height = 0, isFramed = false }) =>
              this.observed?.isConnected &&
              act(() => {
                const rootBounds = isFramed ? null : { height: 600 };
                tell([
                  { intersectionRatio: 0 },
                  { intersectionRatio: ratio, intersectionRect: { height }, rootBounds },
                ]);
              }),
          });
        }
        observe(element: Element): void {
          this.observed = element;
        }
        disconnect(): void {
          this.observed = undefined;
        }
      },
    );
  });

  // Steps of a scene.
  const show = (view: View) => (): void => {
    for (const observer of observers) observer.show(view);
  };
  const pass = (ms: number) => (): void => {
    act(() => {
      vi.advanceTimersByTime(ms);
    });
  };
  const hide = (hidden: boolean) => (): void => {
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
    document.dispatchEvent(new Event('visibilitychange'));
  };
  const play = (...steps: (() => void)[]): void => {
    for (const step of steps) step();
  };
  const card = (event = 'Product Viewed', properties: object = { product_id: 'p1' }): ReactNode =>
    inside(h(Impression, { event, properties }));
  const inView = { ratio: 0.5, height: 100 };
  const outOfView = { ratio: 0.49, height: 98 };

  test('renders its element, with all that is meant for it', () => {
    render(inside(h(Impression, { event: 'Seen', as: 'li', className: 'card', title: 'Mug' }, 'text')));
    expect(document.querySelector('main')?.innerHTML).toBe('<li class="card" title="Mug">text</li>');
  });

  test.each<{ why: string; scene: (() => void)[]; times: number }>([
    { why: 'half of it for a second is seen', scene: [show(inView), pass(1_000)], times: 1 },
    { why: 'less than a second is not', scene: [show(inView), pass(999)], times: 0 },
    { why: 'less than half is not', scene: [show(outOfView), pass(9_000)], times: 0 },
    {
      why: 'half a window of something tall is',
      scene: [show({ ratio: 0.1, height: 300 }), pass(1_000)],
      times: 1,
    },
    {
      why: 'in a frame the window is not known',
      scene: [show({ ratio: 0.1, height: 300, isFramed: true }), pass(1_000)],
      times: 0,
    },
    {
      why: 'nor what has left again',
      scene: [show(inView), pass(999), show(outOfView), pass(9_000)],
      times: 0,
    },
    {
      why: 'two halves of a second are none',
      scene: [show(inView), pass(600), show(outOfView), pass(600), show(inView), pass(600)],
      times: 0,
    },
    {
      why: 'more of it in view does not begin anew',
      scene: [show(inView), pass(600), show({ ratio: 1 }), pass(400)],
      times: 1,
    },
    { why: 'nobody sees a hidden page', scene: [show(inView), pass(600), hide(true), pass(9_000)], times: 0 },
    {
      why: 'it takes a second of the visible one',
      scene: [hide(true), show(inView), pass(9_000), hide(false), pass(1_000)],
      times: 1,
    },
    {
      why: 'once only',
      scene: [show(inView), pass(1_000), show(outOfView), show(inView), pass(9_000)],
      times: 1,
    },
  ])('$why', ({ scene, times }) => {
    render(card());
    play(...scene);
    expect(tracked).toEqual(Array(times).fill(['Product Viewed', { product_id: 'p1' }]));
  });

  test('under StrictMode it is seen once, by one watcher', () => {
    render(h(StrictMode, null, card()));
    play(show(inView), pass(9_000));
    expect(tracked).toHaveLength(1);
  });

  test('the properties are those of the moment, and a new render does not begin anew', () => {
    render(card());
    play(show(inView), pass(600));
    render(card('Product Viewed', { product_id: 'p2' }));
    play(pass(400));
    expect(tracked).toEqual([['Product Viewed', { product_id: 'p2' }]]);
  });

  test('another event counts anew, and so does another mount', () => {
    for (const node of [card('A'), card('B'), null, card('B')]) {
      render(node);
      play(show(inView), pass(1_000));
    }
    expect(tracked.map(([event]) => event)).toEqual(['A', 'B', 'B']);
  });

  test('another element in its place is watched, and counts nothing twice', () => {
    const as = (tag: 'div' | 'li'): ReactNode => inside(h(Impression, { event: 'A', as: tag }));
    render(as('div'));
    render(as('li'));
    expect(document.querySelector('li')).not.toBeNull();
    play(show(inView), pass(1_000));
    expect(tracked).toHaveLength(1);
    render(as('div'));
    play(show(inView), pass(1_000));
    expect(tracked).toHaveLength(1);
  });

  test('effects that are taken back and done again, as by Activity, count nothing twice', () => {
    const children = h(Impression, { event: 'A' });
    for (const mode of ['visible', 'hidden', 'visible'] as const) {
      const activity = { mode, children };
      render(inside(h(Activity, activity)));
      play(show(inView), pass(1_000));
    }
    expect(tracked).toHaveLength(1);
  });

  test('what is gone is not seen', () => {
    render(card());
    play(show(inView), pass(999));
    render(null);
    play(pass(9_000), hide(true), hide(false), pass(9_000));
    expect(tracked).toEqual([]);
  });

  test('where the browser cannot tell, nothing is seen and nothing breaks', () => {
    vi.stubGlobal('IntersectionObserver', undefined);
    render(card());
    play(pass(9_000));
    expect(tracked).toEqual([]);
  });
});
