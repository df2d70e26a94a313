// An app as React mounts it, under StrictMode and in a DOM: prints what it became.
import { createTracker, pageViews } from '@org/track-browser';
import { Impression, TrackProvider, useTrack } from '@org/track-browser/react';
import { Window } from 'happy-dom';
import { createElement as h, StrictMode, useEffect, version } from 'react';
import { renderToString } from 'react-dom/server';

function Page() {
  const track = useTrack();
  useEffect(() => {
    track('Effect Ran');
  }, [track]);
  return h('b', null, 'text');
}
const card = h(Impression, { event: 'Product Viewed', as: 'p' }, h(Page));
const lost = [];

const inert = createTracker({ endpoint: '/api/j' });
const html = renderToString(h(TrackProvider, { tracker: inert }, card));

// As much of a page as React and the tracker ask for.
const window = new Window({ url: 'http://localhost/' });
const { document, location, history, Element } = window;
Object.assign(globalThis, { window, document, location, history, Element });
globalThis.addEventListener = window.addEventListener.bind(window);
globalThis.removeEventListener = window.removeEventListener.bind(window);
globalThis.IntersectionObserver = class {
  constructor(tell) {
    this.tell = tell;
  }
  observe() {
    this.tell([{ intersectionRatio: 1, intersectionRect: { height: 1 }, rootBounds: null }]);
  }
  disconnect() {}
};
const sent = [];
globalThis.fetch = async (_, { body }) => {
  sent.push(...JSON.parse(body).batch);
  return Response.json({ success: true });
};
// Only now: it asks for its surroundings when it is imported.
const { createRoot } = await import('react-dom/client');
const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], consent: { model: 'opt-out' } });
const root = createRoot(window.document.body, {
  onUncaughtError: ({ message }) => lost.push(message),
  onRecoverableError: ({ message }) => lost.push(message),
});
root.render(h(StrictMode, null, h(TrackProvider, { tracker }, card)));
for (let tries = 0; tracker.stats().accepted < 4 && tries < 200; tries++)
  await new Promise((done) => setTimeout(done, 20));
await tracker.flush();
root.unmount();
await tracker.shutdown();

console.log(JSON.stringify({ version, html, lost, events: sent.map(({ type, event }) => event ?? type).sort() }));
process.exit(0);
