import type { ConsentCategory, Losses, Tracker } from '@org/track-core';
import { button, chip, element } from './elements.ts';
import type { Journal, Journey } from './journal.ts';
import { createItem, type Item, timeOf } from './journey-item.ts';
import { panelStyle } from './panel-style.ts';

/** What a panel shows. */
export interface PanelOptions {
  readonly tracker: Tracker;
  readonly journal: Journal;
  readonly onClose: () => void;
}

export interface Panel {
  /** The element that holds it, out of the page's flow. */
  readonly host: HTMLElement;
  close(): void;
}

/** Books and ages are read anew this often while the panel is open, milliseconds. */
const refreshMs = 1_000;

const categories: readonly ConsentCategory[] = ['functional', 'analytics', 'advertising'];

const isProblem = ({ state, issues }: Journey): boolean => state === 'lost' || state === 'held' || !!issues[0];

function reasons(losses: Losses): string {
  return Object.entries(losses)
    .map(([reason, count]) => `${count} × ${reason}`)
    .join(', ');
}

/** Shows the panel, at once and until it is closed. */
export function openPanel({ tracker, journal, onClose }: PanelOptions): Panel {
  const host = document.createElement('org-track-overlay');
  host.setAttribute('data-track-ignore', ''); // what somebody does in it is not done to the page
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(panelStyle);
  root.adoptedStyleSheets = [sheet];

  const delivery = element('span', 'chip');
  const consent = element('dd');
  const books = element('dd');
  const list = element('ol', 'list');
  list.setAttribute('role', 'list'); // Safari drops it with the bullets
  list.setAttribute('aria-label', 'Events, newest first');
  const empty = element('p', 'empty');
  const filter = element('input', 'filter');
  filter.type = 'search';
  filter.placeholder = 'Filter by name, type, id or reason';
  filter.setAttribute('aria-label', filter.placeholder);
  const problems = element('input');
  problems.type = 'checkbox';
  const title = element('h2', '', 'Track');
  const panel = element(
    'section',
    'panel',
    element(
      'header',
      '',
      title,
      delivery,
      element('span', 'space'),
      button('action', 'Flush', () => void tracker.flush()),
      button('action', 'Clear', () => journal.clear()),
      button('action', 'Close', onClose),
    ),
    element('dl', 'facts', element('dt', '', 'Consent'), consent, element('dt', '', 'Books'), books),
    element('div', 'tools', filter, element('label', '', problems, 'Problems only')),
    empty,
    list,
  );
  panel.setAttribute('role', 'region');
  panel.setAttribute('aria-label', 'Track: what this page records');
  panel.tabIndex = -1;
  root.append(panel);

  const items = new Map<string, Item>();
  const changed = new Set<string>();
  let frame = 0;

  function showFacts(): void {
    const { preferences, gpc, decidedAt } = tracker.consent.get();
    consent.replaceChildren(
      ...categories.map((category) => {
        const is = tracker.consent.allows(category);
        const isSaid = preferences[category as keyof typeof preferences] !== undefined;
        const word = is === undefined ? 'undecided' : is ? 'yes' : 'no';
        return chip(
          is === undefined ? 'wait' : is ? 'good' : 'bad',
          `${category}: ${word}${isSaid ? '' : is ? ' (default)' : ''}`,
        );
      }),
      ...(gpc ? [chip('', 'Global Privacy Control')] : []),
      element('span', 'quiet', decidedAt ? `decided ${new Date(decidedAt).toLocaleString()}` : 'nobody decided'),
    );

    const { accepted, delivered, dropped, dead, pending, sanitized } = tracker.stats();
    const part = (count: number, word: string): HTMLElement =>
      element('span', 'part', element('span', 'number', `${count}`), ` ${word}`);
    const lost = (losses: Losses, word: string): HTMLElement => {
      const count = Object.values(losses).reduce((sum, one) => sum + one, 0);
      return part(count, count ? `${word} (${reasons(losses)})` : word);
    };
    books.replaceChildren(
      ...[part(accepted, 'accepted ='), part(delivered, 'delivered +'), lost(dropped, 'dropped'), '+'],
      ...[lost(dead, 'dead'), '+', part(pending, 'pending')],
      ...(reasons(sanitized) ? [element('span', 'quiet', `made fit for JSON: ${reasons(sanitized)}`)] : []),
    );

    const latest = journal.delivery();
    delivery.hidden = !latest;
    if (latest) {
      const isFine = latest.outcome === 'delivered';
      delivery.className = `chip ${isFine ? 'good' : 'bad'}`;
      delivery.textContent = `${isFine ? 'delivering' : latest.outcome} at ${timeOf(latest.at)}`;
      delivery.title = `the latest batch: ${latest.events} events`;
    }
  }

  const isWanted = (journey: Journey): boolean => {
    const { messageId, type, name, reason = '' } = journey;
    const text = `${type} ${name} ${messageId} ${reason}`.toLowerCase();
    return text.includes(filter.value.trim().toLowerCase()) && (!problems.checked || isProblem(journey));
  };

  function showList(): void {
    const journeys = journal.journeys();
    const kept = new Set(journeys.map(({ messageId }) => messageId));
    for (const [id, { element }] of items) {
      if (kept.has(id)) continue;
      element.remove();
      items.delete(id);
    }
    let shown = 0;
    for (const journey of journeys) {
      const { messageId } = journey;
      let item = items.get(messageId);
      if (!item) {
        item = createItem();
        items.set(messageId, item);
        list.prepend(item.element);
        changed.add(messageId);
      }
      if (changed.has(messageId)) item.show(journey);
      const isShown = isWanted(journey);
      item.element.hidden = !isShown;
      if (isShown) shown++;
    }
    changed.clear();
    empty.hidden = shown > 0;
    list.hidden = shown === 0;
    empty.textContent = journeys[0] ? 'No event matches.' : 'No event yet. What this page records appears here.';
  }

  function show(): void {
    frame = 0;
    showFacts();
    showList();
  }

  /** Once for all that happens until the next frame. */
  function showSoon(): void {
    frame ||= requestAnimationFrame(show);
  }

  const stops = [
    journal.onChange((journey) => {
      if (journey) changed.add(journey.messageId);
      showSoon();
    }),
    tracker.consent.onChange(showSoon),
  ];
  const timer = setInterval(showFacts, refreshMs);

  filter.addEventListener('input', showSoon);
  problems.addEventListener('change', showSoon);
  panel.addEventListener('keydown', (moment) => {
    // What is typed here is nobody else's: pages have shortcuts too.
    moment.stopPropagation();
    if (moment.key === 'Escape') onClose();
    if (moment.key !== 'ArrowDown' && moment.key !== 'ArrowUp') return;
    const rows = [...list.querySelectorAll<HTMLElement>('.item:not([hidden]) .row')];
    const index = rows.indexOf(root.activeElement as HTMLElement);
    if (index < 0 && moment.target !== filter) return;
    moment.preventDefault();
    rows[index + (moment.key === 'ArrowDown' ? 1 : -1)]?.focus();
  });

  show();
  document.documentElement.append(host);

  return {
    host,
    close() {
      for (const stop of stops) stop();
      clearInterval(timer);
      cancelAnimationFrame(frame);
      host.remove();
    },
  };
}
