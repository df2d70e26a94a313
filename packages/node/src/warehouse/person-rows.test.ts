import { expect, test } from 'vitest';
import type { ClickHouseConnection } from './clickhouse-connection.ts';
import { personCondition } from './clickhouse-person.ts';
import { exportPerson } from './person-rows.ts';

/** More than a call takes arguments. */
const many = 200_000;

test('somebody with more events than a call takes arguments is exported whole', async () => {
  const events = new Array<object>(many).fill({ user_id: 'u1' });
  const run = async (sql: string): Promise<readonly object[]> => (sql.startsWith('SELECT *') ? events : []);
  expect(await exportPerson({ userId: 'u1' }, { tables: ['events', 'parked'], run })).toHaveLength(2 * many);
});

test('somebody with more devices than a call takes arguments is found in ClickHouse', async () => {
  const lines = Array.from({ length: many }, (_, index) => `{"anonymous_id":"a${index}"}`).join('\n');
  const connection: ClickHouseConnection = {
    ask: async (sql) => (sql.includes('user_id <>') ? '' : lines),
    close: async () => {},
  };
  const { signal } = new AbortController();
  const features = { version: '24.3', isModern: true };
  const condition = await personCondition({ userId: 'u1' }, { connection, features, database: 'track', signal });
  expect(condition).toContain(`'a${many - 1}'`);
});
