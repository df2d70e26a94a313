import { gzipSync } from 'node:zlib';
import type { CollectedEvent, Entry, Issue, JsonObject } from '@org/track-core';
import type { AcceptedBatch, BatchFacts, QuarantinedEvent } from './accepted-batch.ts';
import { type PackedBody, textOf } from './batch-body.ts';
import type { Log } from './log.ts';
import type { LogOutbox } from './log-outbox.ts';

export interface LogUnderTest {
  /** A new, empty log. */
  readonly create: (options?: { readonly retentionMs?: number; readonly now?: () => number }) => Log;
  /** What the log of this test left, opened again. Only for durable ones. */
  readonly reopen?: () => Log;
}

export interface ContractCase {
  readonly rule: string;
  readonly check: () => Promise<void>;
}

interface BatchParts {
  readonly facts?: BatchFacts;
  readonly properties?: JsonObject;
  readonly quarantined?: readonly QuarantinedEvent[];
}

export const facts: BatchFacts = { receivedAt: Date.now(), source: 'server' };
export const all = { maxEvents: 1_000, maxBytes: 1_000_000 };
export const purposeOf = () => 'analytics' as const;

/** A batch of valid events with these ids. */
export function aBatch(ids: readonly string[], { properties = {}, ...parts }: BatchParts = {}): AcceptedBatch {
  const timestamp = new Date(facts.receivedAt).toISOString();
  const batch = ids.map((messageId) => ({ type: 'track', event: 'e', messageId, userId: 'u', timestamp, properties }));
  return { facts, ...parts, ids, body: JSON.stringify({ batch }) };
}

/** The same, packed. */
export function packedBy({ body }: AcceptedBatch): PackedBody {
  const text = textOf(body);
  return { gzip: gzipSync(text), bytes: Buffer.byteLength(text) };
}

/** A consumer with a host that counts what it is told. */
export function aConsumer(log: Log, name = 'a'): { outbox: LogOutbox; arrived: () => number; lost: string[] } {
  const outbox = log.consumer(name, { purposeOf });
  const lost: string[] = [];
  let arrived = 0;
  outbox.open({
    onArrived: (count) => {
      arrived += count;
    },
    onDropped: (id, reason) => {
      lost.push(`${id}: ${reason}`);
      void outbox.settle(id, { kind: 'dropped', reason });
    },
  });
  return { outbox, arrived: () => arrived, lost };
}

export async function pullIds(outbox: LogOutbox, maxEvents = 1_000): Promise<readonly string[]> {
  return idsOf(outbox.pull({ ...all, maxEvents }));
}

export function idsOf(entries: readonly Entry<CollectedEvent>[]): readonly string[] {
  return entries.map(({ id }) => id);
}

export async function deliver(outbox: LogOutbox, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => outbox.settle(id, { kind: 'delivered' })));
}

export const issues: readonly Issue[] = [{ path: 'event', code: 'missing' }];

export const idOf = ({ event }: { readonly event: unknown }): unknown =>
  (event as { messageId?: unknown } | null)?.messageId;

export async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function withDead(log: Log, ids: readonly string[]): Promise<ReturnType<typeof aConsumer>> {
  const consumer = aConsumer(log);
  await pullIds(consumer.outbox);
  await Promise.all(ids.map((id) => consumer.outbox.settle(id, { kind: 'dead', reason: `no-${id}` })));
  return consumer;
}
