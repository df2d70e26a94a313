import { describe, expect, test } from 'vitest';
import type { LogLevel } from '../config/track-config.ts';
import { createLogger, diagnosticsTo } from './logger.ts';

const keys = {
  'secret "of" the shop': { source: 'server', name: 'shop', previous: ['older-secret'] },
  'depot-key': { source: 'server' },
  'depot-key-spare': { source: 'server' },
  'public-key': { source: 'browser' },
} as const;

function written(logLevel: LogLevel, write: (logger: ReturnType<typeof createLogger>) => void): readonly string[] {
  const lines: string[] = [];
  write(createLogger({ keys, logLevel }, { write: (line) => void lines.push(line) }));
  return lines;
}

describe('no secret is in a line', () => {
  test.each([
    { why: 'as it is, inside of JSON', text: 'refused secret "of" the shop' },
    { why: 'an older one', text: 'refused older-secret, older-secret' },
    { why: 'one that begins like another', text: 'refused depot-key-spare, depot-key' },
  ])('$why', ({ text }) => {
    const [line = ''] = written('info', (logger) => logger.info({ detail: text }, text));
    expect(JSON.parse(line).msg).toContain('[secret]');
    expect(line).not.toMatch(/of\\?" the shop|older-secret|depot-key|spare/);
  });

  test('nor what a field is named for', () => {
    const [line = ''] = written('info', (logger) =>
      logger.info({ authorization: 'Basic x', headers: { cookie: 'c=1' } }),
    );
    expect(line).not.toMatch(/Basic|c=1/);
  });

  test('a key for browsers is none', () => {
    expect(written('info', (logger) => logger.info('public-key'))[0]).toContain('public-key');
  });
});

test.each([
  { code: 'log-unavailable', level: 'error' },
  { code: 'destination-open-failed', level: 'warn' },
  { code: 'send-failed', level: 'warn' },
  { code: 'consent', level: 'info' },
])('a diagnostic is a line, $code at $level', ({ code, level }) => {
  const [line = ''] = written('debug', (logger) => diagnosticsTo(logger)({ code, detail: 'why' }));
  expect(JSON.parse(line)).toMatchObject({ level, code, detail: 'why' });
});

test('a failed delivery is one line, whether the destination threw or answered', () => {
  const lines = written('info', (logger) => {
    const tell = diagnosticsTo(logger);
    tell({ code: 'destination-failed', detail: 'a: ECONNREFUSED' });
    tell({ code: 'send-failed', detail: 'b: http-500' });
    tell({ code: 'send-failed', detail: 'a: server' });
    tell({ code: 'send-failed', detail: 'a: http-503' });
  });
  expect(lines.map((line) => JSON.parse(line).detail)).toEqual(['a: ECONNREFUSED', 'b: http-500', 'a: http-503']);
});

test('silent is silent', () => {
  expect(written('silent', (logger) => logger.error('x'))).toEqual([]);
});
