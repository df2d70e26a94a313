import type { LiveEvent } from '../live-feed.ts';

/** Rows kept on the page; older ones leave. */
const maxRows = 200;

const stream = document.getElementById('stream') as HTMLOListElement;
const filters = document.getElementById('filters') as HTMLFieldSetElement;
const connection = document.getElementById('connection') as HTMLElement;
const pause = document.getElementById('pause') as HTMLButtonElement;
const counts = new Map<string, number>();
const shown = new Set<string>();
let held: LiveEvent[] | undefined; // set while paused

const source = new EventSource('/live/stream');
source.addEventListener('open', () => say('Connected', 'on'));
source.addEventListener('error', () => say('The server is away. Trying again', 'off'));
source.addEventListener('message', ({ data, lastEventId }) => {
  // After a reconnect the server repeats what it still has.
  if (shown.has(lastEventId)) return;
  shown.add(lastEventId);
  const event = JSON.parse(data) as LiveEvent;
  count(event.source);
  count(event.status);
  if (held) {
    held.push(event);
    pause.textContent = `Resume (${held.length})`;
  } else {
    show(event);
  }
});

pause.addEventListener('click', () => {
  const waiting = held;
  held = waiting ? undefined : [];
  pause.setAttribute('aria-pressed', String(!waiting));
  pause.textContent = waiting ? 'Pause' : 'Resume';
  for (const event of waiting ?? []) show(event);
});

filters.addEventListener('change', () => {
  for (const name of ['source', 'status'] as const) {
    const chosen = filters.querySelector<HTMLInputElement>(`[name=${name}]:checked`);
    stream.dataset[name] = chosen?.value ?? '';
  }
  for (const row of stream.children) hideUnlessWanted(row as HTMLElement);
});

// What a forger would try: the plan says that only the server may send this one.
document.getElementById('forge')?.addEventListener('click', () => {
  const now = new Date().toISOString();
  const context = { consent: { categoryPreferences: { analytics: true } } };
  const forged = (event: string, properties: object) => ({
    ...{ type: 'track', event, properties, context, timestamp: now },
    ...{ messageId: crypto.randomUUID(), anonymousId: 'forger-0001' },
  });
  const mug = { product_id: 'p01', name: 'Fold mug', category: 'Table', currency: 'EUR', quantity: 1 };
  const batch = [forged('Order Completed', { total: 1_000_000 }), forged('Product Added', { ...mug, price: 'free' })];
  void fetch('/api/j', { method: 'POST', body: JSON.stringify({ batch, sentAt: now }) });
});

function say(text: string, state: 'on' | 'off'): void {
  connection.textContent = text;
  connection.dataset.state = state;
}

function count(name: string): void {
  const total = (counts.get(name) ?? 0) + 1;
  counts.set(name, total);
  const figure = document.querySelector(`[data-count="${name}"]`);
  if (figure) figure.textContent = total.toLocaleString('en');
}

function hideUnlessWanted(row: HTMLElement): void {
  const { source: wantedSource, status: wantedStatus } = stream.dataset;
  row.hidden =
    (!!wantedSource && row.dataset.source !== wantedSource) || (!!wantedStatus && row.dataset.status !== wantedStatus);
}

function show(event: LiveEvent): void {
  const row = document.createElement('li');
  row.dataset.source = event.source;
  row.dataset.status = event.status;
  const time = part('time', 'event-time', new Date(event.receivedAt).toLocaleTimeString('en-GB'));
  time.setAttribute('datetime', event.receivedAt);
  row.append(
    time,
    part('span', `badge ${event.source}`, event.source),
    part('span', 'event-type', event.type),
    part('b', 'event-name', event.name),
    part('span', 'event-facts', factsOf(event)),
    part('span', 'event-who', [event.who, event.page].filter(Boolean).join('  ')),
  );
  if (event.status !== 'stored') {
    row.append(part('p', 'event-problem', [event.status.replace('_', ' '), event.problem].filter(Boolean).join(' · ')));
  }
  hideUnlessWanted(row);
  stream.prepend(row);
  while (stream.children.length > maxRows) stream.lastElementChild?.remove();
}

function part(tag: string, className: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** True of every event of its kind, or told elsewhere in the row. */
const dull = new Set(['currency', 'href', 'path', 'referrer', 'search', 'title', 'url', 'view_id']);

/** `price 24 · quantity 2`: plain values as they are, lists by their length. */
function factsOf({ properties }: LiveEvent): string {
  return Object.entries(properties)
    .filter(([key]) => !dull.has(key))
    .map(
      ([key, value]) => `${key} ${Array.isArray(value) ? `×${value.length}` : typeof value === 'object' ? '…' : value}`,
    )
    .join(' · ');
}
