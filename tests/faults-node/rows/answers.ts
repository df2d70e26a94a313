import { answerWith } from '../../faults/front-server.ts';
import { poison } from '../client.ts';
import type { Row } from '../row.ts';
import type { Scene } from '../scene.ts';

/** What a `Retry-After` header may say. */
const retryAfters: readonly { readonly form: string; readonly header: () => string; readonly patienceMs: number }[] = [
  { form: '2 (seconds)', header: () => '2', patienceMs: 20_000 },
  { form: 'a date 3 s ahead', header: () => new Date(Date.now() + 3_000).toUTCString(), patienceMs: 20_000 },
  { form: '-5', header: () => '-5', patienceMs: 20_000 },
  { form: 'abc', header: () => 'abc', patienceMs: 20_000 },
  { form: 'none', header: () => '', patienceMs: 20_000 },
];

const throttled = retryAfters.map(
  ({ form, header, patienceMs }): Row => ({
    name: `429, Retry-After: ${form}`,
    what: 'the first request is throttled, the next ones are not',
    patienceMs,
    async run(scene) {
      const value = header();
      scene.front.inject(answerWith(429, value === '' ? {} : { 'retry-after': value }, 1));
      await scene.track(200);
      await scene.arrival(patienceMs);
      noteRetry(scene);
    },
  }),
);

/** When the first event that was sent came a second time. */
function noteRetry({ front: { sightings }, note }: Scene): void {
  const [first] = sightings;
  const retry = sightings.find(({ id, request }) => id === first?.id && request !== first.request);
  if (first === undefined) return;
  note(retry === undefined ? 'no retry' : `retry after ${((retry.atMs - first.atMs) / 1_000).toFixed(1)} s`);
}

/** An answer of a far end that only took `count` of the requests so far. */
const only = (status: number, body: string, type: string, count: number) => {
  let left = count;
  return () => (left-- > 0 ? new Response(body, { status, headers: { 'content-type': type } }) : undefined);
};

export const answers: readonly Row[] = [
  ...throttled,
  {
    name: '429, Retry-After: 999999, then shut down',
    what: 'the far end asks for days; the client is shut down meanwhile',
    needsDisk: true,
    patienceMs: 2_000,
    async run(scene) {
      scene.front.inject(answerWith(429, { 'retry-after': '999999' }, 1));
      await scene.track(200);
      await scene.nextRequest();
    },
  },
  {
    name: '413 above 10 events',
    what: '200 events, of which one request may carry ten',
    patienceMs: 30_000,
    async run(scene) {
      const { client, front } = scene;
      front.inject((request) => (client.decode(request).length > 10 ? new Response(null, { status: 413 }) : undefined));
      await scene.track(200);
      await scene.arrival(30_000);
      scene.note(`${front.statuses.filter((status) => status === 413).length} requests refused`);
    },
  },
  {
    name: '400 for a batch with one bad event',
    what: 'the far end refuses whole requests that carry the first of 200 events',
    refused: 1,
    patienceMs: 15_000,
    async run(scene) {
      const { client, front } = scene;
      front.inject((request) =>
        client.decode(request).some(({ id }) => id === scene.sent[0]) ? new Response(null, { status: 400 }) : undefined,
      );
      await scene.track(200);
    },
  },
  {
    name: 'one bad event, judged by the far end itself',
    what: 'one of 200 events is larger than the real collector takes; the far ends of others take it',
    refused: 1,
    patienceMs: 3_000,
    async run(scene) {
      await scene.track(100);
      await scene.track(1, { sizeBytes: 40_000, id: `${poison}` });
      await scene.track(99);
    },
  },
  {
    name: '200 from somebody else',
    what: 'a log-in page answers the first two requests',
    patienceMs: 25_000,
    async run(scene) {
      scene.front.inject(only(200, '<!doctype html><title>Log in</title>', 'text/html', 2));
      await scene.track(200);
    },
  },
  {
    name: 'redirected',
    what: 'the first two requests are sent on to a page of somebody else',
    patienceMs: 25_000,
    async run(scene) {
      scene.front.inject(answerWith(302, { location: '/elsewhere' }, 2));
      await scene.track(200);
    },
  },
];
