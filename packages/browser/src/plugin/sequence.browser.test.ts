import { afterEach, expect, test } from 'vitest';

const key = 'jn:stream:';
const frames: HTMLIFrameElement[] = [];

afterEach(() => {
  for (const frame of frames.splice(0)) frame.remove();
  sessionStorage.clear();
});

/** A page of this tab; `script` sees `next()`, which numbers an event. Resolves with what it posts first. */
function page(script: string): Promise<unknown> {
  const frame = document.createElement('iframe');
  frames.push(frame);
  const module = new URL('./sequence.ts', import.meta.url).href;
  frame.srcdoc = `<script type="module">
    import { sequence } from ${JSON.stringify(module)};
    const plugin = sequence();
    const context = { consent: { categoryPreferences: { analytics: true } } };
    const next = () => plugin.process({ type: 'track', event: 'e', anonymousId: 'a1', context }).context.stream;
    ${script}
  </script>`;
  return new Promise((resolve) => {
    addEventListener('message', function onMessage({ source, data }) {
      if (source !== frame.contentWindow) return;
      removeEventListener('message', onMessage);
      resolve(data);
    });
    document.body.append(frame);
  });
}

/** Resolves once the newest page has left. */
const left = (): Promise<unknown> => new Promise((done) => frames.at(-1)?.addEventListener('load', done));

test.each([
  {
    why: 'in the very task that leaves it',
    script: `parent.postMessage(next()); next(); location.href = '/gone'; next();`,
  },
  {
    why: 'while it goes',
    script: `addEventListener('pagehide', () => { next(); next(); }); parent.postMessage(next()); location.href = '/gone';`,
  },
])('events of a page $why are counted by the next one', async ({ script }) => {
  const first = page(script);
  const gone = left();
  const { id } = (await first) as { id: string };
  await gone;
  expect(await page('parent.postMessage(next())')).toEqual({
    id: expect.not.stringMatching(id),
    number: 1,
    previous: { id, number: 3 },
  });
});

test('what a page before the last one made is never taken for its own', async () => {
  await page('parent.postMessage(next()); next();');
  const second = (await page('next(); parent.postMessage(next())')) as { id: string };
  expect(await page('parent.postMessage(next())')).toMatchObject({ previous: { id: second.id, number: 2 } });
});

test('where the page may not store, events are numbered all the same', async () => {
  const numbers = await page(`
    Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('sandboxed', 'SecurityError'); } });
    parent.postMessage([next().number, next().number]);
  `);
  expect(numbers).toEqual([1, 2]);
  expect(sessionStorage.getItem(key)).toBeNull();
});
