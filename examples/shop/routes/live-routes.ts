import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { LiveFeed } from '../live-feed.ts';
import { livePage } from '../pages/desk.ts';

/** A stream that says nothing for longer may be cut by something in between. */
const keepAliveMs = 15_000;

/** `/live`: what the collector decides, as it decides, by server-sent events. `stopping` ends the streams. */
export function liveRoutes(feed: LiveFeed, stopping: AbortSignal): Hono {
  const app = new Hono();
  app.get('/', (c) => c.html(livePage()));
  app.get('/stream', (c) =>
    streamSSE(c, async (stream) => {
      const stop = feed.follow((event) => {
        void stream.writeSSE({ id: `${event.id}/${event.status}`, data: JSON.stringify(event) });
      });
      const keepAlive = setInterval(() => void stream.write(': still here\n\n'), keepAliveMs);
      await new Promise<void>((resolve) => {
        stream.onAbort(resolve);
        stopping.addEventListener('abort', () => resolve(), { once: true });
      });
      clearInterval(keepAlive);
      stop();
    }),
  );
  return app;
}
