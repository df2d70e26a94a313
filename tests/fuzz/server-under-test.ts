import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Memory } from './fuzz-server.ts';
import type { FuzzRequest } from './request.ts';

export interface Answer {
  /** 0: none came. */
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
}

/** A collector in a process of its own. */
export interface ServerUnderTest {
  readonly port: number;
  send(request: FuzzRequest): Promise<Answer>;
  memory(): Promise<Memory>;
  /** Stops it once everything came out of its log. `ids` names the file with what did, a JSON text a line. */
  stop(): Promise<{ readonly ids: string; readonly hasCrashed: boolean }>;
  remove(): Promise<void>;
}

/** @param limits - of the collector, in place of its own. Those of events a second are lifted. */
export async function startServer(limits: { readonly [limit: string]: number } = {}): Promise<ServerUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'track-fuzz-'));
  const ids = join(folder, 'ids');
  writeFileSync(ids, '');
  const child = fork(fileURLToPath(new URL('fuzz-server.ts', import.meta.url)), [folder, JSON.stringify(limits)], {
    execArgv: ['--expose-gc'],
  });
  const ended = once(child, 'exit');
  const [port] = (await once(child, 'message')) as [number];
  const agent = new Agent({ keepAlive: true });
  let isStopping = false;

  return {
    port,
    send: (request) => send(agent, port, request),
    async memory() {
      const answered = once(child, 'message');
      child.send('memory');
      return ((await answered) as [Memory])[0];
    },
    async stop() {
      const hasCrashed = child.exitCode !== null || child.signalCode !== null;
      isStopping = true;
      if (!hasCrashed) child.send('close');
      await ended;
      return { ids, hasCrashed: hasCrashed || child.exitCode !== 0 };
    },
    async remove() {
      agent.destroy();
      if (!isStopping) child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

function send(agent: Agent, port: number, request: FuzzRequest): Promise<Answer> {
  const { method, path, headers, body } = request;
  return new Promise((resolve) => {
    const failed = (error: Error & { readonly code?: string }): void => {
      // A connection that was kept may end while it is taken up again: that is nobody's fault.
      if (sent.reusedSocket && error.code === 'ECONNRESET') resolve(send(agent, port, request));
      else resolve({ status: 0, type: undefined, text: error.message });
    };
    const sent = httpRequest({ agent, port, host: '127.0.0.1', method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', failed);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'],
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.on('error', failed);
    sent.end(body);
  });
}
