import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { examinePorts } from './examine-ports.ts';

/** A port that nobody had a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test.each([
  { why: 'two that are free', host: '127.0.0.1', isSame: false, expected: ['ok server', 'ok admin'] },
  { why: 'one for both', host: '127.0.0.1', isSame: true, expected: ['ok server', 'fail admin'] },
  {
    why: 'one for both, where one is on every address',
    host: '0.0.0.0',
    isSame: true,
    expected: ['ok server', 'fail admin'],
  },
])('$why', async ({ host, isSame, expected }) => {
  const port = await freePort();
  const config = { endpoint: '/api/j', log: ':memory:', server: { host, port }, admin: { port: isSame ? port : 0 } };
  const findings = async (): Promise<readonly string[]> =>
    (await examinePorts(config)).map(({ level, about }) => `${level} ${about}`);
  expect(await findings()).toEqual(expected);
  // Nothing is held.
  expect(await findings()).toEqual(expected);
});
