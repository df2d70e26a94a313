import type { ConsentCategory, Losses, Tracker } from '@org/track-core';
import { type Journal, type Journey, stations } from './journal.ts';
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

type Child = Node | string;

/** An element, made without markup: no policy of the page has anything to object to. */
function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = '',
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function button(className: string, label: string, act: () => void): HTMLButtonElement {
  const made = element('button', className, label);
  made.type = 'button';
  made.addEventListener('click', act);
  return made;
}

const chip = (kind: string, text: string): HTMLElement => element('span', `chip ${kind}`, text);

const timeOf = (at: number): string => new Date(at).toLocaleTimeString([], { hour12: false });

/** Milliseconds as people read them. */
const spanOf = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);

/** Where it stands, in words. */
function stateOf({ state, reason = '', reached, tries }: Journey): string {
  if (state === 'held') return reason === 'consent' ? 'waits for consent' : `again: ${reason}`;
  if (state === 'lost') return `lost: ${reason}`;
  if (state === 'confirmed') return `confirmed ${spanOf(reached.confirmed ?? 0)}`;
  if (reached.sent === undefined) return reached.queued === undefined ? 'captured' : 'queued';
  return tries > 1 ? `sent, try ${tries}` : 'sent';
}

/** How each station looks: reached, being waited for, or the end of the way. */
function wayOf({ state, reached }: Journey): readonly string[] {
  const next = stations.findIndex((station) => reached[station] === undefined);
  // What was sent and must be sent again waits there.
  const waitsAt = state === 'held' && reached.sent !== undefined ? stations.indexOf('sent') : next;
  return stations.map((_, index) => {
    if (index === waitsAt) return state === 'lost' ? 'end' : 'now';
    return next < 0 || index < waitsAt ? 'done' : '';
  });
}

const isProblem = ({ state, issues }: Journey): boolean => state === 'lost' || state === 'held' || !!issues[0];

function reasons(losses: Losses): string {
  return Object.entries(losses)
    .map(([reason, count]) => `${count} × ${reason}`)
    .join(', ');
}

/** Shows the panel, at once and until it is closed. */
export function openPanel({ tracker, journal, onClose }: PanelOptions): Panel {
  const host = document.createElement('org-track-overlay');
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

/** A line of the list. */
interface Item {
  readonly element: HTMLElement;
  show(journey: Journey): void;
}

function createItem(): Item {
  let journey: Journey | undefined;
  const [at, type, name, state] = ['at', 'type', 'name', 'state'].map((part) => element('span', part)) as [
    HTMLElement,
    HTMLElement,
    HTMLElement,
    HTMLElement,
  ];
  const way = element('span', 'way', ...stations.map(() => element('i')));
  way.setAttribute('aria-hidden', 'true');
  const details = element('div', 'details');
  details.hidden = true;
  const row = button('row', '', () => {
    details.hidden = !details.hidden;
    row.setAttribute('aria-expanded', `${!details.hidden}`);
    showDetails();
  });
  row.setAttribute('aria-expanded', 'false');
  row.append(at, type, name, way, state);
  const item = element('li', 'item', row, details);

  /** Made only for whoever looks: an event may be large. */
  function showDetails(): void {
    if (details.hidden || !journey) return;
    const { reached, issues, event, messageId, tries } = journey;
    const steps = stations.flatMap((station) => {
      const ms = reached[station];
      if (ms === undefined) return [];
      const times = station === 'sent' && tries > 1 ? ` (${tries} tries)` : '';
      return element('li', '', element('b', '', station + times), ` ${ms ? `+${spanOf(ms)}` : 'at once'}`);
    });
    details.replaceChildren(
      element('ol', 'steps', ...steps, element('li', '', messageId)),
      ...(issues[0] ? [element('ul', 'issues', ...issues.map((issue) => element('li', '', issue)))] : []),
      element('pre', '', textOf(event)),
    );
    details.lastElementChild?.setAttribute('tabindex', '0'); // it scrolls
  }

  return {
    element: item,
    show(news) {
      journey = news;
      item.className = `item ${news.state}`;
      at.textContent = timeOf(news.capturedAt);
      type.textContent = news.type;
      name.textContent = news.name || '(no name)';
      name.title = news.name;
      state.textContent = news.issues[0] ? `${stateOf(news)}, invalid` : stateOf(news);
      wayOf(news).forEach((look, index) => {
        (way.children[index] as HTMLElement).className = look;
      });
      showDetails();
    },
  };
}

/** What a call said may be no JSON. */
function textOf(event: unknown): string {
  try {
    return JSON.stringify(event, undefined, 2) ?? String(event);
  } catch (error) {
    return String(error);
  }
}
