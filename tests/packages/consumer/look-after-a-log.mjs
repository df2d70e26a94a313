// What only operators ask of a log, so that every statement of it is tried on every Node.
import { sqliteLog } from '@org/track-node';

const log = sqliteLog(':memory:');
const receivedAt = Date.now();
const facts = { receivedAt, source: 'server' };
const ids = ['1', '2'];
const timestamp = new Date(receivedAt).toISOString();
const batch = ids.map((messageId) => ({ type: 'track', event: 'e', messageId, userId: 'u', timestamp }));
const quarantined = [{ issues: [], event: '{"userId":"u"}' }];
await log.append({ body: JSON.stringify({ batch }), ids, facts, quarantined });
const outbox = log.consumer('a', { purposeOf: () => 'analytics' });
outbox.open({ onArrived() {}, onDropped() {} });
for (const { id } of outbox.pull({ maxEvents: 9, maxBytes: 1e6 }))
  await outbox.settle(id, { kind: 'dead', reason: 'no' });

const { records } = log;
const [newest] = records.deadLetters({ limit: 9, consumer: 'a' });
const told = {
  dead: records.deadLetters({ limit: 9 }).length,
  others: records.deadLetters({ limit: 9, consumer: 'b' }).length,
  revived: await records.revive(newest.id),
  progress: log.progress('a'),
  quarantined: records.quarantined({ limit: 9 }).length,
  replayed: await records.replay('a', {}),
  damage: records.damage(),
  erased: await records.erase({ userId: 'u' }),
};
await log.probe();
await log.close();
console.log(
  JSON.stringify({
    ...told,
    progress: { ...told.progress, oldestReceivedAt: told.progress.oldestReceivedAt === receivedAt },
  }),
);
