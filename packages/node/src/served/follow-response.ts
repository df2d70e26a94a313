import type { ServerResponse } from 'node:http';
import { attempt } from '@org/track-core';
import onHeaders from 'on-headers';
import { type PendingPage, pageIdHeader, withPageId } from './pending-page.ts';
import { isServedDocument, type ResponseHead } from './served-document.ts';

/**
 * Follows a Node answer: writes the id into its head if it is a page, and calls `onServed` once all of it has left. An
 * answer that breaks off was seen by nobody.
 */
export function followResponse(response: ServerResponse, { id, isCounted }: PendingPage, onServed: () => void): void {
  onHeaders(response, function (this: ServerResponse) {
    // Whatever is odd about an answer, it is the host's and leaves as it is.
    attempt(() => {
      if (!isServedDocument(headOf(this))) return;
      this.setHeader(pageIdHeader, withPageId(textOf(this.getHeader(pageIdHeader)), id));
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
