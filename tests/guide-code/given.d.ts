/**
 * What readers of the guides have already, because the text says so or because it is theirs. A block that declares the
 * same name itself means its own.
 */
import type * as browser from '@org/track-browser';
import type { outboxContract } from '@org/track-core/testing';
import type * as node from '@org/track-node';
import type { DuckDbDestination } from '@org/track-node/duckdb';
import type { WorkerTracker } from '@org/track-node/worker';
import type * as vitest from 'vitest';

interface Order {
  readonly id: string;
  readonly total: number;
}

declare global {
  /** Made in the guide's first block, or as the guide says: a page's, a backend's or a Worker's. */
  const tracker: browser.Tracker & node.ServerTracker & Pick<WorkerTracker, 'fetch' | 'job'>;
  const collector: node.Collector;
  const warehouse: DuckDbDestination;
  const analytics: import('@rudderstack/analytics-js').RudderAnalytics;
  /** `{ …, identity }`: what is there already. */
  const yours: { readonly log: node.Log };

  /** The reader's app. */
  const worker: Worker;
  const app: {
    use(...handlers: unknown[]): void;
    post(path: string, ...handlers: unknown[]): void;
    register(plugin: unknown): void;
    fetch(): Promise<Response>;
  };
  const server: import('node:http').Server;
  const request: Request;
  const log: Pick<Console, 'warn'>;
  const env: { readonly TRACK_ENDPOINT: string; readonly TRACK_KEY: string };
  const onDiagnostic: node.OnDiagnostic;
  const [newKey, oldKey, secret, apiSecret]: string[];
  const [userId, anonymousId]: string[];
  const [order, invoice, cart]: Order[];
  function render(state: unknown): void;
  function gtag(command: string, name: string, parameters: object): void;
  function handle(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse): void;
  function placeOrder(order?: unknown): Promise<{ readonly id: string }>;
  function checkout(cart: Order, own: object): Promise<void>;
  function add(form: FormData): Promise<void>;
  function invoices(): Promise<void>;
  function next(): Promise<Response>;
  function errorHandler(error: unknown): void;

  /** An outbox of their own. */
  const { create, createBounded, reopen }: Parameters<typeof outboxContract>[0];

  /** Vitest's globals. */
  const { test, it, expect }: Pick<typeof vitest, 'test' | 'it' | 'expect'>;
}
