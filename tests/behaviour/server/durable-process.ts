// A backend that tracks without a pause until it is killed, and says of each event when it is durable.
import { createTracker, sqliteOutbox } from '@org/track-node';

const [endpoint = '', file = '', name = ''] = process.argv.slice(2);
const tracker = createTracker({
  endpoint,
  writeKey: 'key',
  consent: { analytics: true },
  outbox: sqliteOutbox(file),
  queue: { maxEvents: 50, maxWaitMs: 5, baseDelayMs: 20, maxDelayMs: 100 },
});
let made = 0;
setInterval(() => {
  for (let index = 0; index < 10; index++) {
    const marker = `${name}-${made++}`;
    const { durable } = tracker.track('Fault Met', { marker, text: 'x'.repeat(100) }, { userId: 'u1' });
    // At once: what is said here must be true whenever the process ends.
    void durable.then((isDurable) => isDurable && process.stdout.write(`${marker}\n`));
  }
}, 2);
