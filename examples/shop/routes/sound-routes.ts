import { Hono } from 'hono';
import { soundFile } from '../sounds.ts';

/** `/sounds/rain.wav`, whole or in the part a player asks for. */
export function soundRoutes(): Hono {
  const app = new Hono();
  app.get('/:file{[a-z]+\\.wav}', (c) => {
    const file = soundFile(c.req.param('file').slice(0, -'.wav'.length));
    if (!file) return c.notFound();
    c.header('Content-Type', 'audio/wav');
    c.header('Accept-Ranges', 'bytes');
    const [, from = '', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(c.req.header('Range') ?? '') ?? [];
    const first = Number(from);
    if (from === '' || first >= file.length) return c.body(file);
    const last = to === '' ? file.length - 1 : Math.min(Number(to), file.length - 1);
    c.header('Content-Range', `bytes ${first}-${last}/${file.length}`);
    return c.body(file.slice(first, last + 1), 206);
  });
  return app;
}
