import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWorkplace, until, type Workplace } from './track-process.ts';

let place: Workplace;
beforeEach(() => {
  place = createWorkplace();
});
afterEach(() => place.remove());

const person = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const crawler = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';

let second = 0;
const aLine = (path: string, { agent = person, status = 200 } = {}): string => {
  const time = new Date(Date.UTC(2025, 9, 10, 12, 0, second++)).toISOString().slice(11, 19);
  return `203.0.113.9 - - [10/Oct/2025:${time} +0000] "GET ${path} HTTP/1.1" ${status} 12 "-" "${agent}"`;
};

interface Summary {
  readonly [count: string]: number;
}

async function imported(...args: readonly string[]): Promise<Summary & { troubles: readonly string[] }> {
  const { stdout, stderr } = await place.run('import', '--site', 'https://shop.example', '--json', ...args);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

const vouched = ['--consent', 'analytics', '--'];

describe.each([{ isServed: true }, { isServed: false }])('with a server that runs: $isServed', ({ isServed }) => {
  test('rotated files become page views, bots flagged, each line once, however often it is imported', async () => {
    const running = isServed ? await place.serve() : undefined;
    const twice = aLine('/twice');
    place.write('access.log.2.gz', gzipSync(`${[aLine('/a'), aLine('/app.js'), twice].join('\n')}\n`));
    place.write(
      'access.log.1',
      [aLine('/b', { agent: crawler }), 'nonsense', '', twice, aLine('/gone', { status: 404 })].join('\r\n'),
    );
    expect(await imported(...vouched, 'access.log.2.gz', 'access.log.1')).toEqual({
      lines: 8,
      stored: 3,
      duplicates: 1,
      bots: 1,
      others: 2,
      malformed: 1,
      refused: {},
      troubles: ['access.log.1:2'],
    });
    expect(await imported(...vouched, 'access.log.1')).toMatchObject({ stored: 0, duplicates: 2, bots: 0 });

    const server = running ?? (await place.serve());
    await until('the page views', () => place.received().length === 3);
    await server.end('SIGTERM');
    const views = place.received() as unknown as {
      properties: { path: string };
      timestamp: string;
      context: { bot?: object; ip: string };
    }[];
    expect(views.map(({ properties, context }) => [properties.path, context.bot])).toEqual([
      ['/a', undefined],
      ['/twice', undefined],
      ['/b', { name: 'Googlebot' }],
    ]);
    expect(views[0]).toMatchObject({ type: 'page', source: 'server', context: { ip: '203.0.113.0' } });
    expect(views[0]?.timestamp).toMatch(/^2025-10-10T12:00/);
  });
});

test('many lines, more than one batch of them, in bounded pieces', async () => {
  const lines = Array.from({ length: 1_234 }, (_, index) => aLine(`/p${index}`));
  place.write('access.log.gz', gzipSync(lines.join('\n')));
  expect(await imported(...vouched, 'access.log.gz')).toMatchObject({ stored: 1_234, lines: 1_234 });
});

test('a packed file that breaks off gives what it has, and the others all', async () => {
  const whole = gzipSync(Array.from({ length: 5_000 }, (_, index) => aLine(`/p${index}`)).join('\n'));
  place.write('broken.gz', whole.subarray(0, whole.length / 2));
  place.write('other.log', aLine('/other'));
  const { code, stdout } = await place.run(
    'import',
    '--site',
    'https://shop.example',
    '--json',
    ...vouched,
    'broken.gz',
    'other.log',
  );
  const { stored, troubles } = JSON.parse(stdout) as { stored: number; troubles: string[] };
  expect(code).toBe(1);
  expect(stored).toBeGreaterThan(1_000);
  expect(stored).toBeLessThan(5_001);
  expect(troubles).toEqual([expect.stringMatching(/^broken\.gz:\d+ and on: unexpected end of file/)]);
  expect(await imported(...vouched, 'other.log')).toMatchObject({ duplicates: 1 });
});

describe('it says what is wrong, and imports nothing', () => {
  test.each([
    { why: 'no consent', args: ['access.log'], says: 'vouch for it with --consent analytics' },
    { why: 'no such file', args: [...vouched, 'nothing.log'], says: 'nothing.log' },
    { why: 'a consent that is none', args: ['--consent', 'all', '--', 'access.log'], says: 'Allowed choices are' },
  ])('$why', async ({ args, says }) => {
    place.write('access.log', aLine('/a'));
    const { code, stderr } = await place.run('import', '--site', 'https://shop.example', ...args);
    expect(stderr).toContain(says);
    expect(code).toBe(1);
  });

  test('another format', async () => {
    place.write('access.log', '{"path":"/a"}\n'.repeat(50));
    const { code, stdout, stderr } = await place.run(
      'import',
      '--site',
      'https://shop.example',
      ...vouched,
      'access.log',
    );
    expect([code, stdout]).toEqual([1, expect.stringContaining('50 lines are not in the combined format')]);
    expect(stderr.trim().split('\n')).toHaveLength(20);
  });
});
