/** Text that no compression makes smaller, and in which no event id can hide. */
const incompressible = `function incompressible(bytes) {
  let text = '';
  while (text.length < bytes) text += Math.random().toString(36).slice(2).toUpperCase();
  return text.slice(0, bytes);
}`;

/** A page of the site, with the client, and `code` after it. */
export function trackedPage(code = ''): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>
<script>${incompressible}</script>
<script>addEventListener('pageshow', ({ persisted }) => { window.wasRestored = persisted; });</script>
<script src="/bundle.js"></script>
<script type="module">${code}</script>
<p>Shop</p></html>`;
}

/** A page without the client: where a redirect leads. */
export const bystanderPage = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Elsewhere</title></html>`;

/** A worker that passes every request on, as that of an offline-capable app does. */
export const serviceWorker = `
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));`;
