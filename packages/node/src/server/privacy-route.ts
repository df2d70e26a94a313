import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { PersonIds } from '../log/person.ts';
import { type AdminRoute, answerJson } from './admin.ts';
import type { Operations } from './operations.ts';
import { sendLines, statusOf } from './operations-route.ts';

/** Largest body, bytes: two ids need less. */
const maxBodyBytes = 16 * 1024;

/**
 * What an app asks for in a person's name, with the config's `admin.secretKey` as bearer token: `POST /v1/privacy/erase`,
 * `/export`, `/receipts`, each with `{ "userId", "anonymousId" }`, and `GET /v1/privacy/receipts/<id>`. Ids are in bodies
 * alone, so that none gets into a proxy's lines.
 */
export function privacyRoute(operations: Operations, secretKey: string): AdminRoute {
  const expected = Buffer.from(`Bearer ${secretKey}`);

  function hasKey({ headers }: IncomingMessage): boolean {
    const given = Buffer.from(headers.authorization ?? '');
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  async function answer(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
    switch (`${request.method} ${pathname}`) {
      case 'POST /v1/privacy/erase': {
        const { receipt } = await operations.erase(await personIn(request));
        return answerJson(response, receipt.stage === 'done' ? 200 : 202, receipt);
      }
      case 'POST /v1/privacy/export':
        return sendLines(response, operations.about(await personIn(request)), (record) => record);
      case 'POST /v1/privacy/receipts':
        return answerJson(response, 200, { receipts: await operations.receipts({ person: await personIn(request) }) });
      default:
    }
    const [, id] = /^\/v1\/privacy\/receipts\/([\w-]+)$/.exec(pathname) ?? [];
    const [receipt] = request.method === 'GET' && id !== undefined ? await operations.receipts({ id }) : [];
    if (receipt !== undefined) return answerJson(response, 200, receipt);
    if (id !== undefined) return answerJson(response, 404, { error: 'unknown-receipt', message: 'There is none.' });
    if (posted.has(pathname)) return answerJson(response, 405, { error: 'wrong-method', message: 'It is posted.' });
    answerJson(response, 404, { error: 'unknown-address', message: 'There is nothing at this address.' });
  }

  return (request, response, { pathname }) => {
    if (!pathname.startsWith('/v1/privacy/')) return false;
    if (!hasKey(request)) {
      answerJson(response, 401, { error: 'no-key', message: "Send the config's admin.secretKey as bearer token." });
      return true;
    }
    void answer(request, response, pathname).catch((error: Error) => {
      const failure = { error: codeOf(error), message: error.message };
      if (response.headersSent) response.end(`${JSON.stringify({ failure })}\n`);
      else answerJson(response, statusOf(error), failure);
    });
    return true;
  };
}

const posted: ReadonlySet<string> = new Set(['erase', 'export', 'receipts'].map((name) => `/v1/privacy/${name}`));

/** For machines: a word of ours where the request was wrong. */
function codeOf(error: Error): string {
  if (error instanceof SyntaxError) return 'not-json';
  return error instanceof TypeError ? 'wrong-request' : error.name;
}

async function personIn(request: IncomingMessage): Promise<PersonIds> {
  if (Number(request.headers['content-length'] ?? maxBodyBytes + 1) > maxBodyBytes) {
    throw new TypeError(`Expected a body of at most ${maxBodyBytes} bytes, with its length.`);
  }
  const body: unknown = await json(request);
  const { userId, anonymousId } = (body ?? {}) as { readonly userId?: unknown; readonly anonymousId?: unknown };
  for (const id of [userId, anonymousId]) {
    if (id !== undefined && (typeof id !== 'string' || id === '')) {
      throw new TypeError('userId, anonymousId: expected a text that is not empty');
    }
  }
  if (userId === undefined && anonymousId === undefined)
    throw new TypeError('Expected a userId, an anonymousId, or both.');
  return {
    ...(userId === undefined ? {} : { userId: userId as string }),
    ...(anonymousId === undefined ? {} : { anonymousId: anonymousId as string }),
  };
}
