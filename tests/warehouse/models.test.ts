import { duckdb } from '@org/track-node/duckdb';
import {
  attribution,
  blockedShare,
  content,
  defineModel,
  funnel,
  models,
  reconciliation,
  retention,
  withModels,
} from '@org/track-node/models';
import { describe, expect, test } from 'vitest';
import { modelCases } from './model-cases.ts';

const { signal } = new AbortController();
const column = (sql: string): string => `SELECT * FROM ${sql} ORDER BY 1`;

describe('in DuckDB', () => {
  test.each(modelCases)('$model.name: $why', async ({ model, events, ask = column(model.name), rows }) => {
    const warehouse = duckdb(':memory:', { models: [model] });
    try {
      await warehouse.deliver(events, { signal });
      expect(await warehouse.query(ask)).toEqual(rows);
    } finally {
      await warehouse.close?.();
    }
  });

  test('all of them at once, and without views of some events only', async () => {
    const warehouse = duckdb(':memory:', { models });
    try {
      await warehouse.deliver(
        modelCases.flatMap(({ events }) => events),
        { signal },
      );
      const part = withModels('duckdb', models, 'SELECT * FROM main.events WHERE anonymous_id = $who');
      for (const { name } of models) {
        const [{ n: all = 0 } = {}] = await warehouse.query<{ n: number }>(`SELECT count(*) AS n FROM ${name}`);
        expect({ name, all }).toEqual({ name, all: expect.toSatisfy((rows: number) => rows > 0) });
        const [{ n: some = -1 } = {}] = await warehouse.query<{ n: number }>(
          `${part} SELECT count(*) AS n FROM ${name}`,
          {
            who: 'nobody',
          },
        );
        expect({ name, some }).toEqual({ name, some: name === 'funnel' ? 4 : 0 });
      }
    } finally {
      await warehouse.close?.();
    }
  });
});

test.each([
  { why: 'a funnel of one step', make: () => funnel(['x']), message: 'funnel(steps): expected two or more names' },
  { why: 'a step without a name', make: () => funnel(['x', '']), message: 'funnel(steps): expected' },
  { why: 'a zero character', make: () => funnel(['x', 'y\0']), message: 'funnel(steps): expected' },
  {
    why: 'an order it does not know',
    make: () => funnel(['x', 'y'], { order: 'up' as never }),
    message: 'order: expected time or any, got "up"',
  },
  ...[0, Number.NaN, '60' as never].map((withinSeconds) => ({
    why: `a time that is none: ${JSON.stringify(withinSeconds)}`,
    make: () => funnel(['x', 'y'], { withinSeconds }),
    message: `withinSeconds: expected 1 or more, in the order of time, got ${withinSeconds}`,
  })),
  {
    why: 'a time where the order is none',
    make: () => funnel(['x', 'y'], { order: 'any', withinSeconds: 60 }),
    message: 'withinSeconds: expected 1 or more, in the order of time, got 60',
  },
  {
    why: 'a name that needs quotes',
    make: () => funnel(['x', 'y'], { name: 'my "view"' }),
    message: 'name: expected a word',
  },
  { why: 'the name of the table', make: () => defineModel('events', '', () => ''), message: 'other than events' },
  {
    why: 'another period',
    make: () => retention({ by: 'month' as never }),
    message: 'by: expected day or week, got "month"',
  },
  {
    why: 'a group it does not know',
    make: () => blockedShare({ by: 'user' as never }),
    message: 'by: expected day, browser or page_path, got "user"',
  },
  { why: 'a property that is a path', make: () => content({ properties: { id: '$.x' } }), message: 'got "$.x"' },
  { why: 'a property that is all of them', make: () => content({ properties: { id: '*' } }), message: 'got "*"' },
  { why: 'a share beyond all', make: () => content({ readPercent: 101 }), message: 'readPercent: expected' },
  { why: 'an event that is none', make: () => attribution({ event: '' }), message: 'event: expected' },
  {
    why: 'a key that is none',
    make: () => reconciliation({ key: '' }),
    message: 'expected names of events and a property',
  },
])('refuses $why', ({ make, message }) => {
  expect(make).toThrow(TypeError);
  expect(make).toThrow(message);
});
