// Writes batch after batch into files, and says of each that it is written: until it is killed.
import { files } from '@org/track-node/files';

const [, , to = '', format, from = '0'] = process.argv;
const { signal } = new AbortController();
const destination = files({ to, format: format as 'parquet' | 'ndjson' });
const batchSize = 40;

for (let batch = Number(from); ; batch++) {
  const events = Array.from({ length: batchSize }, (_, index) => ({
    type: 'track',
    event: 'x',
    messageId: `m${batch}-${index}`,
    timestamp: '2026-03-01T10:00:00.000Z',
    originalTimestamp: '2026-03-01T10:00:00.000Z',
    receivedAt: `2026-03-01T1${batch % 2}:00:00.000Z`,
    source: 'server',
    properties: { text: 'x'.repeat(500) },
  }));
  await destination.deliver(events as never, { signal });
  process.send?.(batch);
}
