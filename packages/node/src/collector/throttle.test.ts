import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Diagnostic } from '@org/track-core';
import { anEvent, createFakeClock } from '@org/track-core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { LogUnavailableError } from '../log/log.ts';
import { batchOf, closeAll, closeFirst, consented, run } from './running-collector.ts';

afterEach(closeAll);

const okEvent = () => anEvent({ context: consented });
const events = (count: number) => batchOf(...Array.from({ length: count }, okEvent));
/** Behind a proxy of ours, so that a test can come from anywhere. */
const from = (address: string) => ({ 'X-Forwarded-For': address });
const home = '203.0.113.7';
const office = '198.51.100.4';

describe('one address', () => {
  test('that sends too much is told when to come back, and is let in then; nobody else is kept out', async () => {
    const clock = createFakeClock();
    const { post, log, collector } = await run({ clock, trustedProxies: 1, limits: { addressEventsPerSecond: 1 } });
    expect((await post(events(50), { headers: from(home) })).status).toBe(200); // it had 40
    const reply = await post(events(1), { headers: from(home) });
    expect(reply).toMatchObject({ status: 429, body: { success: false, error: 'address-limit' } });
    const waitS = Number(reply.headers.get('retry-after'));
    expect(waitS).toBeGreaterThan(50 - 40);
    expect(waitS).toBeLessThan(50 - 40 + 20); // what the body weighed
    expect((await post(events(1), { headers: from(office) })).status).toBe(200);

    await clock.advance((waitS - 1) * 1_000);
    expect((await post(events(1), { headers: from(home) })).status).toBe(429);
    await clock.advance(1_000);
    expect((await post(events(1), { headers: from(home) })).status).toBe(200);
    expect(log.stats().events).toBe(52);
    expect(collector.stats().refusals).toEqual({ 'address-limit': 2 });
  });

  test.each([
    { why: 'many events', body: () => JSON.stringify(events(41)) },
    { why: 'much to read', body: () => JSON.stringify(batchOf({ text: 'x'.repeat(41 * 4_096) })) },
    { why: 'a bomb', body: () => gzipSync(JSON.stringify({ text: ' '.repeat(41 * 4_096) })) },
    { why: 'an unknown key, again and again', body: () => '{"batch":[],"writeKey":"guess"}', times: 41 },
    { why: 'garbage, again and again', body: () => '{', times: 41 },
  ])('pays for $why', async ({ body, times = 1 }) => {
    const clock = createFakeClock();
    const { post } = await run({ clock, trustedProxies: 1, limits: { addressEventsPerSecond: 1 } });
    for (let time = 0; time < times; time++) await post(body(), { headers: from(home) });
    expect((await post(events(1), { headers: from(home) })).status).toBe(429);
  });

  test('of our own network is not limited: a proxy we were not told of is no visitor', async () => {
    const { post } = await run({ limits: { addressEventsPerSecond: 1 } });
    await post(events(100));
    expect((await post(events(1))).status).toBe(200);
  });

  test('is not limited where a server key comes along in a header', async () => {
    const keys = { secret: { source: 'server' as const, consent: { analytics: true } } };
    const { post } = await run({ keys, trustedProxies: 1, limits: { addressEventsPerSecond: 1 } });
    const headers = { ...from(home), Authorization: 'Bearer secret' };
    await post(events(100), { headers });
    expect((await post(events(1), { headers })).status).toBe(200);
  });

  test('is in no diagnostic, and a flood of it is one line', async () => {
    const heard: Diagnostic[] = [];
    const { post } = await run({
      trustedProxies: 1,
      limits: { addressEventsPerSecond: 1 },
      onDiagnostic: (diagnostic) => heard.push(diagnostic),
    });
    for (let time = 0; time < 5; time++) await post(events(50), { headers: from(home) });
    expect(heard).toEqual([{ code: 'rate-limited', detail: 'an address' }]);
  });
});

describe('one key', () => {
  const keys = {
    small: { source: 'browser' as const, name: 'small', eventsPerSecond: 1 },
    large: { source: 'browser' as const, name: 'large' },
  };
  test('that sends too much is told when to come back; other keys are not', async () => {
    const clock = createFakeClock();
    const heard: Diagnostic[] = [];
    const { post } = await run({ clock, keys, onDiagnostic: (diagnostic) => heard.push(diagnostic) });
    expect((await post({ ...events(42), writeKey: 'small' })).status).toBe(200);
    const reply = await post({ ...events(1), writeKey: 'small' });
    expect(reply).toMatchObject({ status: 429, body: { error: 'key-limit' } });
    expect(reply.headers.get('retry-after')).toBe('3');
    expect((await post({ ...events(1), writeKey: 'large' })).status).toBe(200);
    expect(heard).toEqual([{ code: 'rate-limited', detail: 'small' }]);
    await clock.advance(3_000);
    expect((await post({ ...events(1), writeKey: 'small' })).status).toBe(200);
  });

  test('in a header is refused before its body is read', async () => {
    const secret = { source: 'server' as const, eventsPerSecond: 1, consent: { analytics: true } };
    const { post, url } = await run({ keys: { secret } });
    await post(events(50), { headers: { Authorization: 'Bearer secret' } });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    closeFirst(async () => socket.destroy());
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\nContent-Length: 100\r\n\r\n{');
    const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
    expect(answer).toMatch(/^HTTP\/1\.1 429 /);
  });

  test('without any key, browsers share one limit', async () => {
    const { post } = await run({ limits: { keyEventsPerSecond: 1 } });
    await post(events(50));
    expect((await post(events(1))).body.error).toBe('key-limit');
  });
});

describe('slow bodies', () => {
  /** Opens requests that promise a large body and send one byte of it. */
  function dawdle(url: string, count: number, address: string): void {
    for (let index = 0; index < count; index++) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.on('error', () => {});
      closeFirst(async () => socket.destroy());
      socket.write(`POST / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${address}\r\nContent-Length: 4000000\r\n\r\n{`);
    }
  }

  test('from one address do not keep others out, whatever they promise', async () => {
    const { url, post } = await run({ trustedProxies: 1, limits: { maxInFlight: 20, maxInFlightBytes: 5_000_000 } });
    dawdle(url, 30, home);
    await expect.poll(async () => (await post(events(1), { headers: from(home) })).status).toBe(429);
    expect(await post(events(1), { headers: from(home) })).toMatchObject({ body: { error: 'address-busy' } });
    expect((await post(events(1), { headers: from(office) })).status).toBe(200);
  });
});

describe('more than there is room for', () => {
  test('is told the time the log needs for what is under way, as measured', async () => {
    const clock = createFakeClock();
    const { post, log } = await run({ clock, limits: { maxInFlightBytes: 10_000 } });
    const inner = log.append;
    const body = { batch: [{ ...okEvent(), properties: { text: 'x'.repeat(8_000) } }] };
    log.append = async (batch) => {
      await clock.advance(8_000); // about 1,000 bytes a second
      return inner(batch);
    };
    await post(body);
    let finish = () => {};
    log.append = async (batch) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return inner(batch);
    };
    const stuck = post({ batch: [{ ...body.batch[0], messageId: 'stuck' }] });
    await expect.poll(async () => (await post(body)).status).toBe(503);
    const reply = await post(body);
    expect(reply.body.error).toBe('overloaded');
    expect(reply.headers.get('retry-after')).toMatch(/^(8|9)$/);
    finish();
    expect((await stuck).status).toBe(200);
  });

  test('a body that outgrows the room is given up while it comes, and takes none', async () => {
    const { url, post, log } = await run({ limits: { maxInFlightBytes: 200_000 } });
    const inner = log.append;
    let finish: (() => void) | undefined;
    log.append = async (batch) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return inner(batch);
    };
    const held = post(JSON.stringify(events(1)).padEnd(150_000));
    await expect.poll(() => finish).toBeDefined();
    // A stream says nothing of its length.
    const growing = { method: 'POST', body: new Blob([' '.repeat(500_000)]).stream(), duplex: 'half' };
    expect((await fetch(url, growing as RequestInit)).status).toBe(503);
    finish?.();
    expect((await held).status).toBe(200);
    log.append = inner;
    expect((await post(events(1))).status).toBe(200);
  });

  test('a log that fails makes no rate: its senders hear so', async () => {
    const { post, log } = await run();
    log.append = () => Promise.reject(new LogUnavailableError('full'));
    expect(await post(events(1))).toMatchObject({ status: 503, body: { error: 'log-unavailable' } });
  });
});
