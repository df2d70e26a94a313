import { button, element } from './elements.ts';
import { type Journey, stations } from './journal.ts';

export const timeOf = (at: number): string => new Date(at).toLocaleTimeString([], { hour12: false });

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

/** A line of the list. */
export interface Item {
  readonly element: HTMLElement;
  show(journey: Journey): void;
}

/** The line of one event, which opens to tell all of its journey. */
export function createItem(): Item {
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
