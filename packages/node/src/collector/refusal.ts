import type { CollectorReply, EventResult } from '@org/track-core';
import type { HttpReply } from '../http/exchange.ts';

/** Why a whole request is not accepted. `code` is stable, for machines; `message` is for people. */
export class Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers: { readonly [name: string]: string };

  constructor(status: number, code: string, message: string, headers: { readonly [name: string]: string } = {}) {
    this.status = status;
    this.code = code;
    this.message = message;
    this.headers = headers;
  }
}

/** Come back in this many seconds. An integer: Segment's clients read nothing else. */
export function unavailable(code: string, message: string, retryAfterS: number): Refusal {
  return new Refusal(503, code, message, { 'Retry-After': String(retryAfterS) });
}

/** Too much from one sender: come back in this many seconds. */
export function tooMany(code: string, message: string, retryAfterS: number): Refusal {
  return new Refusal(429, code, message, { 'Retry-After': String(retryAfterS) });
}

export function replyOf(status: number, body: object, headers: { readonly [name: string]: string } = {}): HttpReply {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** Everything not named in `results` is stored. */
export function replyOfResults(results: ReadonlyMap<string, EventResult>, setCookie?: string): HttpReply {
  const reply: CollectorReply = {
    success: true,
    ...(results.size === 0 ? {} : { results: Object.fromEntries(results) }),
  };
  return replyOf(200, reply, setCookie === undefined ? {} : { 'Set-Cookie': setCookie });
}

export function replyOfRefusal({ status, code, message, headers }: Refusal): HttpReply {
  return replyOf(status, { success: false, error: code, message }, headers);
}
