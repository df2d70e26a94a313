import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { requests } from './arbitrary-requests.ts';
import type { FuzzRequest } from './request.ts';
import { type Answer, startServer } from './server-under-test.ts';

export interface FuzzReport {
  readonly bodies: number;
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<number, number>>;
  /** Answers that are not right, with what was sent: the first few. */
  readonly wrong: readonly string[];
  /** Valid events that were acknowledged and did not come out of the log, and those that came out twice. */
  readonly missing: readonly string[];
  readonly doubled: readonly string[];
  /** Heap after a garbage collection: after the first tenth, and the highest and last since. */
  readonly heapBytes: { readonly early: number; readonly highest: number; readonly last: number };
  /** The server's process ended by itself. */
  readonly hasCrashed: boolean;
}

export interface FuzzOptions {
  readonly bodies: number;
  readonly seed: number;
  onProgress?(sent: number): void;
}

const atOnce = 16;
const chunk = 500;
const maxTold = 10;
/** One of so many good requests is sent again. */
const resendEvery = 20;

/** Sends bodies of every kind to a collector, and holds each answer against what is right. */
export async function fuzzBodies({ bodies, seed, onProgress = () => {} }: FuzzOptions): Promise<FuzzReport> {
  const server = await startServer();
  const statuses: Record<number, number> = {};
  const wrong: string[] = [];
  const expected = new Set<string>();
  const heaps: number[] = [];
  let sent = 0;
  try {
    for (let at = 0; at < bodies; at += chunk) {
      const left = fc.sample(requests, { seed: seed + at, numRuns: Math.min(chunk, bodies - at) }).reverse();
      await Promise.all(Array.from({ length: atOnce }, () => sendAll(left)));
      onProgress(sent);
      if (sent >= (bodies / 10) * (heaps.length + 1)) heaps.push((await server.memory()).heapBytes);
    }
    const { ids, hasCrashed } = await server.stop();
    const times = new Map<string, number>();
    for (const line of readIds(ids)) times.set(line, (times.get(line) ?? 0) + 1);
    return {
      bodies: sent,
      statuses,
      wrong,
      missing: [...expected].filter((id) => !times.has(id)),
      doubled: [...times].filter(([, count]) => count > 1).map(([id]) => id),
      heapBytes: { early: heaps[0] ?? 0, highest: Math.max(...heaps), last: heaps.at(-1) ?? 0 },
      hasCrashed,
    };
  } finally {
    await server.remove();
  }

  async function sendAll(left: FuzzRequest[]): Promise<void> {
    for (let request = left.pop(); request !== undefined; request = left.pop()) {
      await check(request, await server.send(request), false);
      if (sent % resendEvery === 0) await check(request, await server.send(request), true);
    }
  }

  async function check(request: FuzzRequest, answer: Answer, isAgain: boolean): Promise<void> {
    sent++;
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    const fault = faultOf(request, answer, isAgain);
    if (fault !== undefined && wrong.length < maxTold) {
      const body = Buffer.from(request.body ?? []).toString('base64');
      wrong.push(
        `${fault}: ${request.what}: ${request.method} ${request.path} ${JSON.stringify(request.headers)} ${body}`,
      );
    }
    for (const [id, verdict] of request.verdicts ?? []) if (verdict === 'stored') expected.add(id);
  }
}

/** What is wrong about an answer. */
function faultOf(
  { verdicts, method }: FuzzRequest,
  { status, type, text }: Answer,
  isAgain: boolean,
): string | undefined {
  if (status === 0) return `no answer (${text})`;
  if (status >= 500) return `status ${status} ${text}`;
  if (method === 'GET')
    return verdicts !== undefined && (status !== 200 || type !== 'image/gif')
      ? `status ${status} as ${type}`
      : undefined;
  const reply = parsed(text);
  if (
    status === 200
      ? reply.success !== true
      : status > 400 && status !== 404 && status !== 405 && reply.error === undefined
  ) {
    return `status ${status} says ${text.slice(0, 200)}`;
  }
  if (verdicts === undefined) return undefined;
  if (status !== 200) return `status ${status} for events that can be read: ${text}`;
  const named = new Set(Object.keys(reply.results ?? {}));
  for (const [id, verdict] of verdicts) {
    const right = verdict === 'stored' && isAgain ? 'duplicate' : verdict;
    const said = reply.results?.[id]?.status ?? 'stored';
    if (said !== right) return `${id} is ${right}, and was said to be ${said}`;
    named.delete(id);
  }
  return named.size === 0 ? undefined : `results for ${[...named].join()}, which nobody sent`;
}

interface Reply {
  readonly success?: boolean;
  readonly error?: string;
  readonly results?: { readonly [messageId: string]: { readonly status: string } };
}

function parsed(text: string): Reply {
  try {
    return JSON.parse(text) as Reply;
  } catch {
    return {};
  }
}

function readIds(file: string): readonly string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as string);
}
