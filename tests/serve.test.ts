import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { type ClientRequest, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { aConfig, anEvent, createWorkplace, type Served, secretKey, until, type Workplace } from './track-process.ts';

let place: Workplace;
afterEach(() => place.remove());

/** Values of a metric by its labels. */
async function metric(url: string, name: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return Object.fromEntries(
    lines.map((line) => [line.slice(name.length, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

/** A request whose body is not whole yet. */
function beginPost(url: string, body: string): { finish: () => void; answer: Promise<number | string> } {
  const begun: ClientRequest = request(url, { method: 'POST', headers: { 'Content-Length': Buffer.byteLength(body) } });
  const answer = new Promise<number | string>((resolve) => {
    begun.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0)));
    begun.on('error', (error) => resolve(error.message));
  });
  begun.write(body.slice(0, 10));
  return { finish: () => begun.end(body.slice(10)), answer };
}

/** Until nobody may connect any more. */
const untilClosed = (server: Served): Promise<void> =>
  until('a closed door', () =>
    server.post([anEvent('too late')]).then(
      () => false,
      () => true,
    ),
  );

describe('a server of a config in TypeScript', () => {
  test('takes events, delivers them, and keeps books that balance', async () => {
    place = createWorkplace();
    const server = await place.serve();
    expect(
      (await server.post([anEvent('1'), anEvent('2'), anEvent('2'), anEvent('3', { type: 'nothing' })])).status,
    ).toBe(200);
    await until('both events', () => place.received().length === 2);
    place.write('mode.txt', 'dead refused');
    await server.post([anEvent('4')]);
    const dead = '{destination="file",reason="refused"}';
    await until(
      'a dead letter',
      async () => (await metric(server.adminUrl, 'track_destination_dead_total'))[dead] === 1,
    );

    const of = (name: string): Promise<Record<string, number>> => metric(server.adminUrl, `track_destination_${name}`);
    const file = '{destination="file"}';
    const [accepted, delivered, waiting] = await Promise.all([
      of('accepted_total'),
      of('delivered_total'),
      of('waiting'),
    ]);
    expect([accepted[file], delivered[file], waiting[file]]).toEqual([3, 2, 0]);
    expect(await of('oldest_age_seconds')).toEqual({ [file]: 0 });
    expect(Object.values(await metric(server.adminUrl, 'track_build_info'))).toEqual([1]);
    expect(await metric(server.adminUrl, 'track_events_total')).toMatchObject({
      '{status="stored"}': 3,
      '{status="duplicate"}': 1,
      '{status="invalid"}': 1,
    });
    expect((await fetch(new URL('/metrics', server.url))).status).toBe(404);
    expect((await fetch(new URL('/health/ready', server.url))).status).toBe(200);
  });

  test('tells how long requests took, and everything by the names and units Prometheus expects', async () => {
    place = createWorkplace();
    const server = await place.serve();
    await server.post([anEvent('1')]);
    await until(
      'the request',
      async () => (await metric(server.adminUrl, 'track_request_duration_seconds_count'))[''] === 1,
    );
    const text = await (await server.admin('/metrics')).text();
    const families = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', kind = '']) => ({ name, kind }));
    expect(families.length).toBeGreaterThan(30);
    expect(families.filter(({ name }) => !text.includes(`# HELP ${name} `))).toEqual([]);
    const own = families.filter(({ name }) => name.startsWith('track_'));
    expect(own.filter(({ name, kind }) => (kind === 'counter') !== name.endsWith('_total'))).toEqual([]);
    expect(
      own.filter(({ name }) => !/^[a-z]+(?:_[a-z]+)*$/.test(name) || /_(?:ms|milliseconds|mib)\b/.test(name)),
    ).toEqual([]);
  });

  test('takes what SDKs have built in, and nothing at other addresses', async () => {
    place = createWorkplace();
    const { url } = await place.serve();
    const body = JSON.stringify({ writeKey: secretKey, batch: [anEvent('1')] });
    const statuses = await Promise.all(
      ['/v1/batch', '/api/j/v1/batch', '/api/jj', '/', '/api'].map(
        async (path) => (await fetch(new URL(path, url), { method: 'POST', body })).status,
      ),
    );
    expect(statuses).toEqual([200, 200, 404, 404, 404]);
  });

  test('tells labels only in words, and no secret in its lines, whatever a destination says', async () => {
    place = createWorkplace();
    place.write('mode.txt', 'dead person@example.org');
    const server = await place.serve();
    await server.post([anEvent('1')]);
    await until('the dead letter', async () => {
      const text = await (await server.admin('/metrics')).text();
      expect(text).not.toContain('person@');
      return text.includes('track_destination_dead_total{destination="file",reason="other"} 1');
    });
    place.write('mode.txt', 'throw');
    await server.post([anEvent('2')]);
    await server.says('refused with [secret]');
    expect(server.output()).not.toContain(secretKey);
  });
});

test('the host’s own OpenTelemetry hears of requests, deliveries and the books', async () => {
  place = createWorkplace(aConfig(), { NODE_OPTIONS: '--import ./telemetry.mjs' });
  place.write(
    'telemetry.mjs',
    `import { appendFileSync } from 'node:fs';
    import { metrics, trace } from '@opentelemetry/api';
    import { ConsoleMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
    import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
    const heard = (name) => appendFileSync(new URL('heard.txt', import.meta.url), name + '\\n');
    const exporter = { export: (spans, done) => (spans.forEach((span) => heard(span.name)), done({ code: 0 })), shutdown: async () => {} };
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
    class Exporter extends ConsoleMetricExporter {
      export({ scopeMetrics }, done) {
        for (const { metrics } of scopeMetrics) for (const { descriptor, dataPoints } of metrics)
          for (const { attributes, value } of dataPoints) heard([descriptor.name, ...Object.values(attributes), value].join(' '));
        done({ code: 0 });
      }
    }
    const readers = [new PeriodicExportingMetricReader({ exporter: new Exporter(), exportIntervalMillis: 200, exportTimeoutMillis: 100 })];
    metrics.setGlobalMeterProvider(new MeterProvider({ readers }));`,
  );
  const server = await place.serve();
  await server.post([anEvent('1')]);
  const heard = (): readonly string[] => readFileSync(place.path('heard.txt'), 'utf8').split('\n');
  for (const name of ['track.destination_delivered file 1', 'POST /api/j', 'deliver file', 'track.events stored 1']) {
    await until(name, () => existsSync(place.path('heard.txt')) && heard().includes(name));
  }
});

describe('stopped with SIGTERM', () => {
  test('it answers what is under way, takes requests until balancers know, delivers, and ends well', async () => {
    place = createWorkplace(aConfig("server: { host: '127.0.0.1', port: 0, leaveDelayMs: 4_000 },"));
    const server = await place.serve();
    const slow = beginPost(server.url, JSON.stringify({ writeKey: secretKey, batch: [anEvent('slow')] }));
    await until('the request', async () => (await metric(server.adminUrl, 'track_in_flight_requests'))[''] === 1);

    const ended = server.end('SIGTERM');
    await server.says('Stopping');
    const ready = await server.admin('/health/ready');
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, reasons: ['stopping'] }]);
    expect((await server.admin('/health/live')).status).toBe(200);
    const late = await server.post([anEvent('late')]);
    expect([late.status, late.headers.get('connection')]).toEqual([200, 'close']);

    await untilClosed(server);
    slow.finish();
    expect(await slow.answer).toBe(200);
    expect(await ended).toBe(0);
    expect(place.received().map(({ messageId }) => messageId)).toEqual(expect.arrayContaining(['late', 'slow']));
    expect(existsSync(place.path('.track/log.db.server'))).toBe(false);
  });

  test('it waits as long as it may, also for longer than timers can', async () => {
    place = createWorkplace(
      aConfig("server: { host: '127.0.0.1', port: 0, stopDeadlineMs: Number.MAX_SAFE_INTEGER },"),
    );
    const server = await place.serve();
    const slow = beginPost(server.url, JSON.stringify({ writeKey: secretKey, batch: [anEvent('slow')] }));
    await until('the request', async () => (await metric(server.adminUrl, 'track_in_flight_requests'))[''] === 1);
    const ended = server.end('SIGTERM');
    await untilClosed(server);
    slow.finish();
    expect(await slow.answer).toBe(200);
    expect(await ended).toBe(0);
  });

  test('a disk that takes no lines keeps it from nothing', async () => {
    place = createWorkplace();
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [place.command, 'serve'], {
      cwd: place.folder,
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    try {
      let said = '';
      child.stderr?.on('data', (chunk) => (said += chunk));
      const ended = once(child, 'close');
      const runFile = place.path('.track/log.db.server');
      await until('a server', () => existsSync(runFile));
      const { adminUrl } = JSON.parse(readFileSync(runFile, 'utf8')) as { adminUrl: string };
      expect((await fetch(`${adminUrl}/health/ready`)).status).toBe(200);
      child.kill('SIGTERM');
      expect([await ended, said]).toEqual([[0, null], '']);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('a destination that hangs does not keep it: what it did not take, it gets after the next start', async () => {
    place = createWorkplace(aConfig("server: { host: '127.0.0.1', port: 0, stopDeadlineMs: 300 },"));
    place.write('mode.txt', 'hang');
    const server = await place.serve();
    await server.post([anEvent('1')]);
    expect(await server.end('SIGTERM')).toBe(0);
    expect(place.received()).toEqual([]);

    place.write('mode.txt', 'take');
    const again = await place.serve();
    await until('the event', () => place.received().length === 1);
    expect(await again.end('SIGINT')).toBe(0);
  });

  test('twice, it ends at once', async () => {
    place = createWorkplace();
    place.write('mode.txt', 'hang');
    const server = await place.serve();
    await server.post([anEvent('1')]);
    const ended = server.end('SIGTERM');
    await server.says('Stopping');
    server.child.kill('SIGTERM');
    expect(await ended).toBe(143);
  });
});

test('killed, it starts again and delivers what it had acknowledged', async () => {
  place = createWorkplace();
  place.write('mode.txt', 'hang');
  const server = await place.serve();
  expect((await server.post([anEvent('1')])).status).toBe(200);
  await server.end('SIGKILL');
  expect(existsSync(place.path('.track/log.db.server'))).toBe(true);
  place.write('mode.txt', 'take');
  await place.serve();
  await until('the event', () => place.received().length === 1);
});

describe('not ready', () => {
  test('while the log is full', async () => {
    place = createWorkplace(
      aConfig().replace("'.track/log.db'", "{ path: '.track/log.db', maxBytes: 400_000, retentionMs: 1 }"),
    );
    place.write('mode.txt', 'hang');
    const server = await place.serve();
    const big = (id: number): object => anEvent(`${id}`, { properties: { text: 'x'.repeat(30_000) } });
    let id = 0;
    await until('a full log', async () => (await server.post([big(id++)])).status === 503);
    await until('not ready', async () => (await server.admin('/health/ready')).status === 503);
    expect(await (await server.admin('/health/ready')).json()).toEqual({ ready: false, reasons: ['disk-full'] });
  });

  test('while as much is under way as may be', async () => {
    place = createWorkplace(aConfig('limits: { maxInFlight: 1 },'));
    const server = await place.serve();
    const slow = beginPost(server.url, JSON.stringify({ writeKey: secretKey, batch: [anEvent('1')] }));
    await until('not ready', async () => (await server.admin('/health/ready')).status === 503);
    expect(await (await server.admin('/health/ready')).json()).toEqual({ ready: false, reasons: ['overloaded'] });
    slow.finish();
    expect(await slow.answer).toBe(200);
    await until('ready', async () => (await server.admin('/health/ready')).status === 200);
  });
});

test('the admin port is not for pages, nor for names that point here', async () => {
  place = createWorkplace();
  const { adminUrl } = await place.serve();
  const statusWith = (headers: Record<string, string>): Promise<number | undefined> =>
    new Promise((resolve) => {
      request(`${adminUrl}/metrics`, { headers }, (response) => resolve(response.resume().statusCode)).end();
    });
  expect(await statusWith({})).toBe(200);
  expect(await statusWith({ Host: 'localhost:1' })).toBe(200);
  expect(await statusWith({ Host: 'rebound.example' })).toBe(403);
  expect(await statusWith({ Origin: 'https://page.example' })).toBe(403);
  expect((await fetch(`${adminUrl}/ops/stats`)).status).toBe(401);
});

test('the config of the guide is right', async () => {
  const guide = readFileSync(new URL('../docs/guides/run-the-server.md', import.meta.url), 'utf8');
  const config = /```ts\n(.*?)```/s.exec(guide)?.[1] ?? '';
  // No port that somebody may have, and no balancer to wait for.
  const here = config.replace('port: 9464', 'port: 0').replace('leaveDelayMs: 5_000', 'leaveDelayMs: 0');
  place = createWorkplace(here, { TRACK_KEY: secretKey });
  place.write('plan.ts', "export const plan = { version: '1', events: {} };");
  const server = await place.serve('--port', '0');
  expect((await server.post([anEvent('1')])).status).toBe(200);
  expect(await server.end('SIGTERM')).toBe(0);
});

describe('it says what is wrong, and ends with 1', () => {
  test.each([
    {
      why: 'a word that is nearly right',
      config: 'export default { endpont: "/api/j", log: "l.db" }',
      says: 'did you mean "endpoint"?',
    },
    {
      why: 'inside of a part',
      config: 'export default { endpoint: "/api/j", log: "l.db", server: { prot: 1 } }',
      says: 'track.config.ts: server: unknown option "prot"; did you mean "port"?',
    },
    {
      why: 'a missing part',
      config: 'export default { log: "l.db" }',
      says: 'track.config.ts: endpoint: expected a path such as "/api/j"',
    },
    {
      why: 'no default export',
      config: 'export const config = {}',
      says: 'expected "export default defineConfig({ … })"',
    },
    {
      why: 'code that fails',
      config: 'throw new Error("no key")',
      says: 'track.config.ts could not be loaded: no key (/',
    },
    {
      why: 'code that fails, with its place',
      config: '\n\nundefined.x',
      says: '/track.config.ts:3:11)',
    },
    {
      why: 'code that is none',
      config: 'export default {{',
      says: '(node track.config.ts shows where)',
    },
    {
      why: 'a package that is missing',
      config: "import 'not-installed'",
      says: '; npm install not-installed',
    },
    {
      why: 'a key of an environment variable that is not set',
      config: 'export default { endpoint: "/api/j", log: "l.db", keys: { [String(undefined)]: { source: "server" } } }',
      says: 'keys[0]: expected a write key, got "undefined": is the environment variable that holds it set?',
    },
    {
      why: 'a log that is none',
      config: 'export default { endpoint: "/api/j", log: "track.config.ts", server: { port: 0 }, admin: { port: 0 } }',
      says: 'it is not a SQLite database',
    },
  ])('$why', async ({ config, says }) => {
    place = createWorkplace(config);
    const { code, stderr } = await place.run('serve');
    expect(stderr).toContain(says);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(1);
  });

  test('modules that package.json declares to be CommonJS, as npm init does', async () => {
    place = createWorkplace();
    place.write('package.json', '{ "type": "commonjs" }');
    const { code, stderr } = await place.run('serve');
    expect(stderr).toContain('is read as CommonJS: npm pkg set type=module');
    expect(code).toBe(1);
  });

  test('no config', async () => {
    place = createWorkplace();
    const { code, stderr } = await place.run('serve', '--config', 'elsewhere.ts');
    expect([code, stderr.includes('elsewhere.ts')]).toEqual([1, true]);
  });

  test('a port that somebody has', async () => {
    place = createWorkplace();
    const other = createServer().listen(0, '127.0.0.1');
    await until('a port', () => other.listening);
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await place.run('serve', '--port', String(port));
    other.close();
    expect(stderr).toContain(`server: cannot listen on 127.0.0.1:${port}: another program has that port`);
    expect(code).toBe(1);
  });

  test('a log that another server has', async () => {
    place = createWorkplace();
    await place.serve();
    const { code, stderr } = await place.run('serve');
    expect([code, stderr.includes('another process has it open')]).toEqual([1, true]);
  });
});
