import { type EventType, type OnDiagnostic, report } from '@org/track-core';
import type { Handle, HttpReply, HttpRequest } from '../http/exchange.ts';
import type { AcceptBatch } from './accept-batch.ts';
import { rudderStackSettings, segmentSettings } from './client-settings.ts';
import type { Cors } from './cors.ts';
import { type Endpoint, endpointOf } from './endpoint.ts';
import { type Authenticate, unknownKey } from './keys.ts';
import { pictureOf, postOfPixel } from './pixel.ts';
import { Refusal, replyOf, replyOfRefusal, replyOfResults, unavailable } from './refusal.ts';

export interface AnswerOptions {
  readonly accept: AcceptBatch;
  readonly authenticate: Authenticate;
  readonly cors: Cors;
  readonly isClosing: () => boolean;
  readonly onDiagnostic: OnDiagnostic | undefined;
}

export interface Answer {
  readonly handle: Handle;
  /** How requests were answered so far: by status, and by why they were refused. */
  counts(): {
    readonly requests: Readonly<Record<string, number>>;
    readonly refusals: Readonly<Record<string, number>>;
  };
}

const closingRetryAfterS = 2;

const methodOf: { readonly [kind in Exclude<Endpoint['kind'], 'unknown'>]: 'POST' | 'GET' } = {
  events: 'POST',
  metrics: 'POST',
  pixel: 'GET',
  'segment-settings': 'GET',
  'rudderstack-settings': 'GET',
};

/** Nothing we say is to be kept, shown as a page, or framed. */
const everyAnswer = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  // A page of another site that may not read us may still see that something answered; pixels are shown.
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** Finds what an address is for, and answers in its way. */
export function createAnswer({ accept, authenticate, cors, isClosing, onDiagnostic }: AnswerOptions): Answer {
  const requests: Record<string, number> = {};
  const refusals: Record<string, number> = {};

  async function handle(request: HttpRequest): Promise<HttpReply> {
    const endpoint = endpointOf(request.path);
    const outcome = await answer(request, endpoint).catch((error: unknown) => {
      report(onDiagnostic, 'collector-failed', `A request failed: ${error instanceof Error ? error.message : error}`);
      return new Refusal(500, 'failed', 'The collector failed; send it again.');
    });
    if (outcome instanceof Refusal) refusals[outcome.code] = (refusals[outcome.code] ?? 0) + 1;
    const said = outcome instanceof Refusal ? replyOfRefusal(outcome) : outcome;
    const reply = endpoint.kind === 'pixel' ? pictureOf(said) : said;
    requests[reply.status] = (requests[reply.status] ?? 0) + 1;
    return { ...reply, headers: { ...everyAnswer, ...reply.headers, ...cors.headers(request) } };
  }

  async function answer(request: HttpRequest, endpoint: Endpoint): Promise<HttpReply | Refusal> {
    if (request.method === 'OPTIONS') return { status: 204, headers: cors.preflightHeaders(request), body: '' };
    if (endpoint.kind === 'unknown') return new Refusal(404, 'unknown-endpoint', 'There is nothing at this address.');
    if (request.method !== methodOf[endpoint.kind]) return wrongMethod(methodOf[endpoint.kind]);
    switch (endpoint.kind) {
      case 'events':
        return take(request, endpoint.type);
      case 'pixel':
        return take(postOfPixel(request, endpoint.type), endpoint.type);
      case 'metrics':
        return replyOf(200, { success: true });
      case 'segment-settings':
        return authenticate.isPublic(endpoint.key)
          ? replyOf(200, segmentSettings(endpoint.key, request))
          : unknownKey();
      case 'rudderstack-settings': {
        const key = authenticate.keyOf(request) ?? new URLSearchParams(request.query).get('writeKey');
        return key && authenticate.isPublic(key) ? replyOf(200, rudderStackSettings(key)) : unknownKey();
      }
    }
  }

  async function take(request: HttpRequest, type: EventType | undefined): Promise<HttpReply | Refusal> {
    if (isClosing()) {
      return unavailable('closing', 'The collector is going away; send it again.', closingRetryAfterS);
    }
    const outcome = await accept(request, type);
    return outcome instanceof Refusal ? outcome : replyOfResults(outcome.results, outcome.setCookie);
  }

  return { handle, counts: () => ({ requests: { ...requests }, refusals: { ...refusals } }) };
}

function wrongMethod(method: 'POST' | 'GET'): Refusal {
  const message = method === 'POST' ? 'Events are posted.' : 'What is at this address is read.';
  return new Refusal(405, 'wrong-method', message, { Allow: `${method}, OPTIONS` });
}
