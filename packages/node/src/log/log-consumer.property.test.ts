import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aBatch, aConsumer, deliver, pullIds } from './contract-scene.ts';
import type { Log } from './log.ts';
import { sqliteLog } from './sqlite-log.ts';

type Step =
  | { readonly kind: 'append'; readonly events: number }
  | { readonly kind: 'pull'; readonly events: number; readonly isNewOnly: boolean }
  /** Of what is leased, every nth is delivered. */
  | { readonly kind: 'deliver'; readonly nth: number }
  | { readonly kind: 'replay'; readonly fromSeq: number }
  | { readonly kind: 'restart' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), events: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    kind: fc.constant('pull' as const),
    events: fc.integer({ min: 1, max: 6 }),
    isNewOnly: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('deliver' as const), nth: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('replay' as const), fromSeq: fc.integer({ min: 1, max: 6 }) }),
  fc.constant({ kind: 'restart' as const }),
);

/** A reader that comes when the log has something already, and what it was given. */
async function run(before: readonly number[], steps: readonly Step[], path: string): Promise<void> {
  let made = 0;
  let log: Log = sqliteLog(path, { dedupeIds: 1_000 });
  const append = async (events: number): Promise<void> => {
    await log.append(aBatch(Array.from({ length: events }, () => String(made++))));
  };
  for (const events of before) await append(events);
  let { outbox } = aConsumer(log);
  let leased: string[] = [];
  /** How often each may still come: once, and once more for each replay that took it. */
  const fated = new Set<string>();
  const take = (ids: readonly string[]): void => {
    for (const id of ids) {
      expect(fated.has(id) ? `${id} came again` : 'new').toBe('new');
      expect(leased).not.toContain(id);
    }
    leased.push(...ids);
  };
  const settle = async (ids: readonly string[]): Promise<void> => {
    leased = leased.filter((id) => !ids.includes(id));
    await deliver(outbox, ids);
    for (const id of ids) fated.add(id);
  };
  for (const each of steps) {
    switch (each.kind) {
      case 'append':
        await append(each.events);
        break;
      case 'pull': {
        const { events: maxEvents, isNewOnly } = each;
        take(outbox.pull({ maxEvents, maxBytes: 1_000_000, isNewOnly }).map(({ id }) => id));
        break;
      }
      case 'deliver':
        await settle(leased.filter((_, place) => place % each.nth === 0));
        break;
      case 'replay': {
        const waiting = made - fated.size;
        const again: string[] = [];
        for await (const { event } of log.records.events({ fromSeq: each.fromSeq })) {
          if (fated.delete(event.messageId)) again.push(event.messageId);
        }
        expect(await log.records.replay('a', { fromSeq: each.fromSeq })).toBe(again.length);
        expect(outbox.depth().waiting).toBe(waiting + again.length - leased.length);
        break;
      }
      case 'restart':
        await log.close();
        log = sqliteLog(path, { dedupeIds: 1_000 });
        ({ outbox } = aConsumer(log));
        leased = [];
        break;
    }
  }
  for (let ids = await pullIds(outbox); ids.length > 0 || leased.length > 0; ids = await pullIds(outbox)) {
    take(ids);
    await settle([...leased]);
  }
  expect(fated.size).toBe(made);
  expect(outbox.depth()).toEqual({ waiting: 0, waitingBytes: 0 });
  await log.close();
}

test('a reader that comes late gets each event once, whatever is settled when, replayed, and started anew', async () => {
  let file = 0;
  const folder = mkdtempSync(join(tmpdir(), 'consumer-'));
  const batches = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 });
  try {
    await fc.assert(
      fc.asyncProperty(batches, fc.array(step, { maxLength: 25 }), (before, steps) =>
        run(before, steps, join(folder, `${file++}.db`)),
      ),
      { numRuns: 40 },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
