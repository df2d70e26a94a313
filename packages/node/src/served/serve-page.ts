import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { attempt } from '@org/track-core';
import onHeaders from 'on-headers';
import type { RequestLike } from '../identity/request-scope.ts';
import { documentRequest, isServedDocument, type ResponseHead } from './served-document.ts';

/** The metric's name in `Server-Timing`, and that of the meta tag: as short as it gets, for it is on every page. */
const pageIdName = 'doc';

/** A document that is being answered. */
export interface PendingPage {
  readonly id: string;
  /** One that nobody looks at yet is told by its page view alone, when there is one. */
  readonly isCounted: boolean;
}

/** The page that this request asks for, with the id its answer will have; nothing if it asks for none. */
export function pendingPage(request: RequestLike): PendingPage | undefined {
  const purpose = attempt(() => documentRequest(request));
  return purpose === undefined ? undefined : { id: randomUUID(), isCounted: purpose === 'view' };
}

/** Adds our metric to those that the app has. */
export function withPageId(timings: string | undefined, id: string): string {
  return [...(timings ? [timings] : []), `${pageIdName};desc="${id}"`].join(', ');
}

/**
 * Follows a Node answer: writes the id into its head if it is a page, and calls `onServed` once all of it has left. An
 * answer that breaks off was seen by nobody.
 */
export function followResponse(response: ServerResponse, { id, isCounted }: PendingPage, onServed: () => void): void {
  onHeaders(response, function (this: ServerResponse) {
    // Whatever is odd about an answer, it is the host's and leaves as it is.
    attempt(() => {
      if (!isServedDocument(headOf(this))) return;
      this.setHeader('Server-Timing', withPageId(textOf(this.getHeader('server-timing')), id));
      if (isCounted) this.once('finish', () => attempt(onServed));
    });
  });
}

const headOf = (response: ServerResponse): ResponseHead => ({
  status: response.statusCode,
  header: (name) => textOf(response.getHeader(name)),
});

function textOf(value: number | string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value?.toString();
}
