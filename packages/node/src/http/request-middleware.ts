import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestLike } from '../identity/request-scope.ts';

/** Runs a task inside of a request. */
type Run = <T>(request: RequestLike, task: () => T) => T;

/** For Express, Connect and Fastify's hooks. */
export type Middleware = (request: RequestLike, response: unknown, next: () => void) => void;

/** The part of Fastify's instance that is used. */
export interface FastifyLike {
  addHook(name: 'onRequest', hook: Middleware): unknown;
}

/** Adds a hook to the app it is given. */
export type FastifyMiddleware = (app: FastifyLike, options: unknown, done: () => void) => void;

/** The part of Hono's context that is used. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  readonly env?: unknown;
}

export type HonoMiddleware = (context: HonoContext, next: () => Promise<void>) => Promise<void>;

/** What makes everything behind it run inside of its request. Place it before what tracks. */
export interface RequestMiddleware {
  /** `createServer(tracker.node(listener))`. */
  node<Incoming extends RequestLike = IncomingMessage, Outgoing = ServerResponse>(
    listener: (request: Incoming, response: Outgoing) => void,
  ): (request: Incoming, response: Outgoing) => void;
  /** `app.use(tracker.express)`. */
  readonly express: Middleware;
  /** `app.register(tracker.fastify)`. */
  readonly fastify: FastifyMiddleware;
  /** `app.use(tracker.hono)`. On Node it knows the connection's address; elsewhere call `run` with the host's `ip`. */
  readonly hono: HonoMiddleware;
}

export function requestMiddleware(run: Run): RequestMiddleware {
  const express: Middleware = (request, _response, next) => run(request, next);

  const fastify: FastifyMiddleware = (app, _options, done) => {
    app.addHook('onRequest', express);
    done();
  };

  return {
    node: (listener) => (request, response) => run(request, () => listener(request, response)),
    express,
    // As fastify-plugin does: without it the hook would hold for nothing but this function's own routes.
    fastify: Object.assign(fastify, { [Symbol.for('skip-override')]: true }),
    hono: ({ req: { raw }, env }, next) => run(requestOfHono(raw, env), next),
  };
}

/** @param env - under `@hono/node-server` it has Node's own request */
export function requestOfHono({ method, url, headers }: Request, env: unknown): RequestLike {
  const { socket } = (env as { readonly incoming?: RequestLike } | undefined)?.incoming ?? {};
  return { method, url, headers, socket };
}
