// The log on a thread of its own, as far as the bench needs it: what is appended in one turn crosses over together.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  type AcceptedBatch,
  type Appended,
  type BatchBody,
  type Log,
  LogUnavailableError,
  memoryLog,
  sqliteLog,
} from '@org/track-node';

interface Waiting {
  resolve(appended: Appended): void;
  reject(error: LogUnavailableError): void;
}

if (!isMainThread) {
  const log = sqliteLog(workerData as string);
  parentPort?.on('message', (batches: readonly AcceptedBatch[] | 'close') => {
    if (batches === 'close') void log.close().then(() => parentPort?.close());
    else {
      void Promise.all(batches.map((batch) => log.append(batch).catch(() => undefined))).then((appended) =>
        parentPort?.postMessage(appended),
      );
    }
  });
}

export function logInWorker(path: string): Log {
  const worker = new Worker(new URL(import.meta.url), { workerData: path });
  const groups: Waiting[][] = [];
  let batches: AcceptedBatch[] = [];
  let waiting: Waiting[] = [];
  let events = 0;

  worker.on('message', (appended: readonly (Appended | undefined)[]) => {
    for (const [index, { resolve, reject }] of (groups.shift() ?? []).entries()) {
      const one = appended[index];
      if (one === undefined) reject(new LogUnavailableError('The log could not store a batch.'));
      else resolve(one);
    }
    post();
  });

  /** One group at a time is with the worker: what comes meanwhile shares the next commit. */
  function post(): void {
    if (batches.length === 0 || groups.length > 0) return;
    worker.postMessage(batches);
    groups.push(waiting);
    batches = [];
    waiting = [];
  }

  return {
    ...memoryLog(),
    append: (batch) =>
      new Promise((resolve, reject) => {
        events += batch.ids.length;
        // A view is sent with all the memory it looks at, which may be another's.
        batches.push({ ...batch, body: ownBytes(batch.body) });
        waiting.push({ resolve, reject });
        if (batches.length === 1) setImmediate(post);
      }),
    stats: () => ({ batches: 0, events, quarantined: 0, deadLetters: 0 }),
    async close() {
      worker.postMessage('close');
      await new Promise((resolve) => worker.once('exit', resolve));
    },
  };
}

function ownBytes(body: BatchBody): BatchBody {
  if (typeof body === 'string') return body;
  return 'gzip' in body ? { ...body, gzip: new Uint8Array(body.gzip) } : new Uint8Array(body);
}
