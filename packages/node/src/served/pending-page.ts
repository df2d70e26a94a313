import { randomUUID } from 'node:crypto';
import { attempt } from '@org/track-core';
import type { RequestLike } from '../identity/request-scope.ts';
import { documentRequest } from './served-document.ts';

/** Where a browser finds the page's id. */
export const pageIdHeader = 'Server-Timing';

/** The metric's name in that header, and that of the meta tag: as short as it gets, for it is on every page. */
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
