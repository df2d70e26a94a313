import { memoryLog } from '@org/track-node';
import { duckdb } from '@org/track-node/duckdb';
import { expect, test } from 'vitest';
import { allIds, erasureCases, eventsOf, idsOfRows, toldIds } from './erasure-cases.ts';

const { signal } = new AbortController();

test.each(erasureCases)('DuckDB tells, and forgets $why', async (each) => {
  const warehouse = duckdb(':memory:');
  try {
    await warehouse.deliver(eventsOf(each), { signal });
    expect(idsOfRows(await warehouse.export?.(each.person, { signal }))).toEqual(toldIds(each));
    expect(await warehouse.erase?.(each.person, { signal })).toEqual({ rows: each.events.length - each.left.length });
    expect(await warehouse.query(allIds)).toEqual(each.left.map((place) => ({ id: `m${place}` })));
  } finally {
    await warehouse.close?.();
  }
});

test.each(erasureCases)('and so does the log: $why', async (each) => {
  const log = memoryLog();
  try {
    await log.append({
      body: JSON.stringify({ batch: eventsOf(each) }),
      ids: eventsOf(each).map(({ messageId }) => messageId),
      facts: { receivedAt: Date.now(), source: 'server' },
    });
    await log.records.erase(each.person);
    const left: string[] = [];
    for await (const { event } of log.records.events({})) left.push(event.messageId);
    expect(left.sort()).toEqual(each.left.map((place) => `m${place}`));
  } finally {
    await log.close();
  }
});
