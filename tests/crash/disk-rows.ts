import { type Backend, createBackend } from '../backend.ts';
import { until } from '../faults/until.ts';
import type { SmallDisk } from './small-disk.ts';

/** What a collector did when its disk took nothing more. */
export interface DiskReport {
  /** How requests were answered before, while and after, each once. */
  readonly statuses: { readonly before: number; readonly full: number; readonly after: number };
  /** Of the first refusal. */
  readonly retryAfter: string | null;
  readonly acknowledged: readonly string[];
  /** How often each event is in the warehouse. */
  readonly stored: ReadonlyMap<string, number>;
}

const patienceMs = 30_000;
const eventsOfBatch = 50;

/** A backend that serves, whose disk is full, and has room again; what was refused is sent again, as clients do. */
export async function fillDisk(disk: SmallDisk): Promise<DiskReport> {
  const backend = await createBackend({ folder: disk.folder });
  try {
    await backend.start();
    const acknowledged: string[] = [];
    let made = 0;
    let latest = await post(backend, batchOf(made++), acknowledged);
    const before = latest.status;

    disk.fill(backend);
    let refused = '';
    // There may be room inside the files that are there.
    await until(async () => {
      refused = batchOf(made++);
      latest = await post(backend, refused, acknowledged);
      return latest.status !== 200;
    }, patienceMs);
    const [full, retryAfter] = [latest.status, latest.headers.get('retry-after')];

    disk.free(backend);
    await until(async () => {
      latest = await post(backend, refused, acknowledged);
      return latest.status === 200;
    }, patienceMs);
    const after = latest.status;
    await post(backend, batchOf(made++), acknowledged);
    return { statuses: { before, full, after }, retryAfter, acknowledged, stored: await storedIn(backend) };
  } finally {
    await backend.remove();
  }
}

/** What a start on a file system that is read-only says, and what is there once it is not. */
export async function setReadOnly(
  disk: SmallDisk,
): Promise<Omit<DiskReport, 'statuses' | 'retryAfter'> & { said: string }> {
  const backend = await createBackend({ folder: disk.folder });
  try {
    await backend.start();
    const acknowledged: string[] = [];
    await post(backend, batchOf(0), acknowledged);
    await backend.kill();
    disk.setReadOnly(true);
    const said = await backend.start().then(
      () => 'it started',
      (error: Error) => error.message,
    );
    disk.setReadOnly(false);
    await backend.start();
    await post(backend, batchOf(1), acknowledged);
    return { said, acknowledged, stored: await storedIn(backend) };
  } finally {
    await backend.remove();
  }
}

/** 50 events of 2 KB. */
function batchOf(number: number): string {
  const batch = Array.from({ length: eventsOfBatch }, (_, index) => ({
    type: 'track',
    event: 'Disk Filled',
    messageId: `${number}-${index}`,
    userId: 'u1',
    timestamp: new Date().toISOString(),
    properties: { text: 'x'.repeat(2_000) },
  }));
  return JSON.stringify({ batch });
}

async function post({ url }: Backend, body: string, acknowledged: string[]): Promise<Response> {
  const authorization = `Basic ${Buffer.from('secret-of-the-shop:').toString('base64')}`;
  const response = await fetch(`${url}/v1/batch`, { method: 'POST', body, headers: { authorization } });
  await response.arrayBuffer();
  if (response.status === 200) {
    const { batch } = JSON.parse(body) as { batch: readonly { messageId: string }[] };
    for (const { messageId } of batch) acknowledged.push(messageId);
  }
  return response;
}

async function storedIn(backend: Backend): Promise<ReadonlyMap<string, number>> {
  const rows = await backend.stopAndAsk<{ id: string; times: number }>(
    'SELECT message_id AS id, count(*)::INT AS times FROM events GROUP BY message_id',
  );
  return new Map(rows.map(({ id, times }) => [id, times]));
}
