import {
  type CallOptions,
  createIds,
  type PageContext,
  type Plugin,
  type TrackEvent,
  type Tracker,
} from '@org/track-core';
import { browserClock } from '../runtime/browser-clock.ts';
import { readContext } from '../runtime/page-context.ts';
import { watchPage } from '../runtime/page-lifecycle.ts';
import { watchUrl } from '../runtime/page-url.ts';
import { capturePlugin } from './capture-plugin.ts';

/** Something that is measured of each page view. */
export interface ViewMeasure {
  /** The property it is told as. Its unit is its name. */
  readonly property: 'seconds' | 'percent';
  /** Another view begins: from nothing. The first began when it started. */
  restart(): void;
  /** What it has come to in this view. */
  total(): number;
}

interface View {
  add(measure: ViewMeasure, signal: AbortSignal): void;
  /** Tells the totals, if one of them has grown by a whole unit since they were told. */
  tell(): void;
  /** What a page event says of its view and the one before. */
  join(event: TrackEvent): TrackEvent;
}

type Totals = { readonly [property: string]: number };

/** How long a URL must stand to be another view, milliseconds: longer than `pageViews()` waits, so that its event comes first. */
const settleMs = 100;

/** Views whose page event may still wait for consent. */
const maxBegun = 50;

/** Of each tracker, so that all that is measured of one view is told in one event. */
const views = new WeakMap<Tracker, View>();

/**
 * A capture plugin that measures page views. The measures of one tracker know nothing of each other and share a view: its
 * id, its end, and the event `Page Engaged` with all totals, told when the page may go away and whenever a measure asks.
 *
 * A view that gives way to another within the document is told with the `page` event of the next one, which costs no
 * event of its own; if none comes, by `Page Engaged`.
 *
 * @param start - starts measuring until the signal says stop; `tell` asks for the totals to be told
 */
export function viewPlugin(name: string, start: (tell: () => void, signal: AbortSignal) => ViewMeasure): Plugin {
  let view: View | undefined;
  return {
    ...capturePlugin(name, (tracker, signal) => {
      const measure = start(() => view?.tell(), signal);
      view = views.get(tracker) ?? createView(tracker);
      views.set(tracker, view);
      view.add(measure, signal);
    }),
    process: (event) => view?.join(event) ?? event,
  };
}

function createView(tracker: Tracker): View {
  const ids = createIds(browserClock);
  const measures = new Set<ViewMeasure>();
  const stopping = new AbortController();
  let id: string;
  let page: PageContext;
  let begun: readonly (readonly [at: Date, id: string])[] = []; // the latest first
  let told: Totals;
  /** As things were when the URL changed, until it is known whether that is another page. */
  let leaving: { readonly at: Date; readonly totals: Totals } | undefined;
  let timer: ReturnType<typeof setTimeout>;

  const totals = (): Totals => Object.fromEntries([...measures].map((each) => [each.property, each.total()]));

  function begin(at: Date): void {
    leaving = undefined;
    clearTimeout(timer);
    id = ids.time();
    page = readContext().page;
    begun = [[at, id], ...begun.slice(0, maxBegun - 1)];
    told = {};
    for (const measure of measures) measure.restart();
  }

  function tell(now = totals(), options?: CallOptions): void {
    if (!Object.keys(now).some((property) => (now[property] ?? 0) - (told[property] ?? 0) >= 1)) return;
    told = now;
    tracker.track('Page Engaged', { view_id: id, ...now }, options);
  }

  /** The view that was left, if there is one by now; as for `pageViews()`, path and query make a page. */
  function left(): typeof leaving {
    // Where nothing has changed, nothing is asked of a page that may be gone.
    if (!leaving) return;
    const { path, search } = readContext().page;
    return path === page.path && search === page.search ? undefined : leaving;
  }

  function settle(): void {
    const end = left();
    leaving = undefined;
    if (!end) return;
    tell(end.totals, { timestamp: end.at, context: { page } });
    begin(end.at);
  }

  begin(new Date());
  watchUrl(() => {
    leaving ??= { at: new Date(), totals: totals() };
    clearTimeout(timer);
    timer = setTimeout(settle, settleMs);
  }, stopping.signal);
  watchPage(
    () => {
      settle();
      tell();
    },
    ({ persisted }) => persisted && begin(new Date()),
    stopping.signal,
  );

  return {
    add(measure, signal) {
      measures.add(measure);
      signal.addEventListener('abort', () => {
        measures.delete(measure);
        if (measures.size > 0) return;
        stopping.abort();
        clearTimeout(timer);
        views.delete(tracker);
      });
    },
    tell: () => tell(),
    join(event) {
      if (event.type !== 'page') return event;
      // A page event that waited for consent comes late, and is about an earlier view.
      const isSince = (at: Date): boolean => Date.parse(event.timestamp) + settleMs >= +at;
      const previous: Record<string, string | number> = {};
      const end = left();
      if (end && isSince(end.at)) {
        previous.previous_view_id = id;
        for (const [property, total] of Object.entries(end.totals)) previous[`previous_${property}`] = total;
        begin(end.at);
      }
      const [, view_id] = begun.find(([at]) => isSince(at)) ?? [];
      return { ...event, properties: { ...event.properties, ...previous, view_id } };
    },
  };
}
