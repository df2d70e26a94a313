import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { ErasureUnderWayError, LogUnavailableError } from '../log/log.ts';
import { type AdminRoute, answerJson } from './admin.ts';
import type { Operations } from './operations.ts';

type Operation = (args: never) => Promise<unknown> | AsyncIterable<unknown>;

/** Answers `POST /ops/<operation>` with the arguments as its body: JSON, or lines of JSON for what yields. */
export function operationsRoute(operations: Operations): AdminRoute {
  return (request, response, { pathname }) => {
    const name = pathname.slice('/ops/'.length);
    if (request.method !== 'POST' || !Object.hasOwn(operations, name)) return false;
    void answer(request, response, operations[name as keyof Operations] as Operation);
    return true;
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, operation: Operation): Promise<void> {
  try {
    const result = operation(JSON.parse(await text(request)) as never);
    if (isStream(result)) await sendLines(response, result, (line) => ({ line }));
    else answerJson(response, 200, { result: await result });
  } catch (error) {
    const { name, message } = error as Error;
    const failure = { error: name, message };
    // Of a stream that began the end is the only place left to say so.
    if (response.headersSent) response.end(`${JSON.stringify({ failure })}\n`);
    else answerJson(response, statusOf(error), failure);
  }
}

function isStream(result: Promise<unknown> | AsyncIterable<unknown>): result is AsyncIterable<unknown> {
  return Symbol.asyncIterator in result;
}

/** One line of JSON for each; the reader's pace is ours. */
export async function sendLines(
  response: ServerResponse,
  lines: AsyncIterable<unknown>,
  lineOf: (value: unknown) => unknown,
): Promise<void> {
  const iterator = lines[Symbol.asyncIterator]();
  response.on('close', () => void iterator.return?.());
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' });
  response.flushHeaders();
  for (;;) {
    const step = await iterator.next();
    if (step.done === true || response.destroyed) break;
    if (!response.write(`${JSON.stringify(lineOf(step.value))}\n`)) await drained(response);
  }
  response.end();
}

/** Resolves when there is room for more, or nobody to read it. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    function done(): void {
      response.off('drain', done).off('close', done);
      resolve();
    }
    response.on('drain', done).on('close', done);
  });
}

export function statusOf(error: unknown): number {
  if (error instanceof LogUnavailableError) return 503;
  if (error instanceof ErasureUnderWayError) return 409;
  return error instanceof TypeError || error instanceof SyntaxError ? 400 : 500;
}
