import type { EventType } from '@org/track-core';
import type { BodyRead, HttpReply, HttpRequest } from '../http/exchange.ts';

/** One transparent point, 43 bytes: the smallest GIF that every client shows. */
const picture = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/**
 * A request for a picture as the posted event it stands for, so that there is one way in.
 *
 * The event is in `data`, as JSON in base64, or spelled out: `event=Opened&properties.subject=Hello`.
 */
export function postOfPixel(request: HttpRequest, type: EventType): HttpRequest {
  const body = bodyOf(new URLSearchParams(request.query));
  return {
    ...request,
    method: 'POST',
    path: `/pixel/v1/${type}`,
    header(name) {
      if (name === 'content-length' || name === 'content-encoding') return undefined;
      return request.header(name) ?? (name === 'origin' ? originOfReferrer(request) : undefined);
    },
    readBody: async ({ maxBytes }): Promise<BodyRead> =>
      body.length > maxBytes ? { kind: 'too-large' } : { kind: 'read', bytes: body, decoded: true },
  };
}

/** The answer to the event, as a picture: its status is true, and a mail shows no broken image. */
export function pictureOf(reply: HttpReply): HttpReply {
  const headers = { ...reply.headers, 'Content-Type': 'image/gif' };
  return { ...reply, headers, body: picture };
}

/** Pictures are asked for without `Origin`. Where a browser says the page is another site's, the page's address tells which. */
function originOfReferrer(request: HttpRequest): string | undefined {
  const site = request.header('sec-fetch-site');
  if (site !== 'cross-site' && site !== 'same-site') return undefined;
  const referrer = request.header('referer') ?? '';
  return URL.canParse(referrer) ? new URL(referrer).origin : undefined;
}

function bodyOf(query: URLSearchParams): Buffer {
  const data = query.get('data');
  // A plus that was not encoded is a space by now. Node reads base64 and its form for addresses alike.
  if (data !== null) return Buffer.from(data.replaceAll(' ', '+'), 'base64');
  // Without a prototype `__proto__` is a name like any other, and is refused as one.
  const event: Fields = Object.create(null);
  for (const [path, value] of query) {
    const keys = path.split('.');
    setPath(event, keys.length > maxDepth ? [path] : keys, value);
  }
  return Buffer.from(JSON.stringify(event));
}

/** A name with more dots than this is a name with dots. */
const maxDepth = 6;

interface Fields {
  [key: string]: string | Fields;
}

function setPath(fields: Fields, [key = '', ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) {
    fields[key] = value;
    return;
  }
  const inner = fields[key];
  const next: Fields = typeof inner === 'object' ? inner : Object.create(null);
  fields[key] = next;
  setPath(next, rest, value);
}
