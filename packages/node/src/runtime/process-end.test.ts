import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { onProcessEnd } from './process-end.ts';

const events = ['beforeExit', 'exit', 'SIGTERM', 'SIGINT'];
const counts = (): readonly number[] => events.map((event) => process.listenerCount(event));

test('every leaver is asked, through one listener for each event, and none after it stopped', () => {
  const before = counts();
  const calls: string[] = [];
  const leaver = (name: string) => ({
    finish: () => void calls.push(`${name} finish`),
    leave: () => void calls.push(`${name} leave`),
  });
  const stopFirst = onProcessEnd(leaver('first'));
  const stopSecond = onProcessEnd(leaver('second'));
  expect(counts()).toEqual(before.map((count) => count + 1));

  const [finish, leave] = [process.listeners('beforeExit').at(-1), process.listeners('exit').at(-1)];
  finish?.(0);
  stopFirst();
  leave?.(0);
  expect(calls).toEqual(['first finish', 'second finish', 'second leave']);

  stopSecond();
  stopSecond();
  expect(counts()).toEqual(before);
});

describe('a signal', () => {
  const module = fileURLToPath(new URL('process-end.ts', import.meta.url));

  /** Runs a host that has something to finish, sends it signals when it says "ready", and tells how it ended. */
  async function ended(host: string, ...signals: readonly NodeJS.Signals[]): Promise<object> {
    const script = `import { onProcessEnd } from ${JSON.stringify(module)};
      const leaver = (finishMs) => onProcessEnd({
        finish: () => new Promise((done) => setTimeout(() => { console.log('finished'); done(); }, finishMs)),
        leave: () => console.log('left'),
      });
      const alive = setInterval(() => {}, 1_000);
      ${host}
      console.log('ready');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
      const next = pending[0];
      if (next !== undefined && output.includes(next.after)) child.kill(pending.shift()?.signal);
    });
    const pending = signals.map((signal, index) => ({ signal, after: index === 0 ? 'ready' : 'asked' }));
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { code, signal, output: output.trim().split('\n').slice(1).join(' ') };
  }

  test.each<{ why: string; host: string; signals: readonly NodeJS.Signals[]; expected: object }>([
    {
      why: 'nobody else listens: it ends the process as it would, when all is finished',
      host: 'leaver(50);',
      signals: ['SIGTERM'],
      expected: { code: null, signal: 'SIGTERM', output: 'finished left' },
    },
    {
      why: 'Ctrl-C does too',
      host: 'leaver(50);',
      signals: ['SIGINT'],
      expected: { code: null, signal: 'SIGINT', output: 'finished left' },
    },
    {
      why: 'a second one ends it at once',
      host: `onProcessEnd({
          finish: () => new Promise(() => setTimeout(() => console.log('asked'), 100)),
          leave() {},
        });`,
      signals: ['SIGTERM', 'SIGTERM'],
      expected: { code: null, signal: 'SIGTERM', output: 'asked' },
    },
    {
      why: 'the host listens: it says when the process ends',
      host: "leaver(20); process.on('SIGTERM', () => setTimeout(() => process.exit(7), 300));",
      signals: ['SIGTERM'],
      expected: { code: 7, signal: null, output: 'finished left' },
    },
    {
      why: 'the host listens and goes on: the next one is heard too',
      host: `leaver(20); let heard = 0;
        process.on('SIGTERM', () => setTimeout(() => (++heard === 2 ? process.exit(0) : console.log('asked')), 300));`,
      signals: ['SIGTERM', 'SIGTERM'],
      expected: { code: 0, signal: null, output: 'finished asked finished left' },
    },
    {
      why: 'somebody ends the process if nobody else listens: they do not see us',
      host: `process.on('SIGTERM', function end(signal) {
          if (process.listenerCount(signal) > 1) return;
          process.off(signal, end);
          process.kill(process.pid, signal);
        });
        leaver(60_000);`,
      signals: ['SIGTERM'],
      expected: { code: null, signal: 'SIGTERM', output: '' },
    },
    {
      why: 'there are two copies of us, as bundlers make them: both finish before it ends',
      host: `const copy = await import(${JSON.stringify(`${module}?copy`)});
        copy.onProcessEnd({
          finish: () => new Promise((done) => setTimeout(() => { console.log('copied'); done(); }, 20)),
          leave: () => console.log('gone'),
        });
        leaver(300);`,
      signals: ['SIGTERM'],
      expected: { code: null, signal: 'SIGTERM', output: 'copied finished gone left' },
    },
    {
      why: 'whoever was shut down is not asked',
      host: 'leaver(50)();',
      signals: ['SIGTERM'],
      expected: { code: null, signal: 'SIGTERM', output: '' },
    },
  ])('$why', async ({ host, signals, expected }) => {
    expect(await ended(host, ...signals)).toEqual(expected);
  });
});
