import { describe, expect, test, vi } from 'vitest';
import { checkOptions } from './check-options.ts';

const valid = { endpoint: '/api/j' };

describe('options that are accepted', () => {
  test.each([
    { why: 'a path', options: valid },
    { why: 'a path of one step', options: { endpoint: '/j' } },
    { why: 'an option that is there but undefined', options: { ...valid, queue: undefined } },
    { why: 'a dot in a folder', options: { endpoint: '/.well-known/j' } },
    { why: 'another origin', options: { endpoint: 'https://www.example.com/api/j' } },
    { why: 'a port, and no TLS as on a developer’s machine', options: { endpoint: 'http://localhost:3000/api/j' } },
    { why: 'an optional one that is there but undefined', options: { ...valid, writeKey: undefined } },
    {
      why: 'all of them',
      options: {
        ...valid,
        writeKey: 'shop',
        capture: [],
        plugins: [],
        delivery: [],
        consent: { model: 'opt-out' },
        purposeOf: () => 'analytics',
        queue: { maxEvents: 10 },
        session: { idleMs: 60_000 },
        onDiagnostic: () => {},
      },
    },
  ])('$why', ({ options }) => {
    expect(() => checkOptions(options)).not.toThrow();
  });
});

describe('options that are refused, by name, with what was expected and what came', () => {
  test.each([
    { why: 'none at all', options: undefined, message: 'endpoint is undefined, expected a path' },
    { why: 'null', options: null, message: 'endpoint is undefined, expected a path' },
    { why: 'text', options: '/api/j', message: '0 is "/", expected one of endpoint, writeKey, ' },
    { why: 'no endpoint', options: {}, message: 'createTracker: endpoint is undefined, expected a path' },
    { why: 'an endpoint that is undefined', options: { endpoint: undefined }, message: 'endpoint is undefined' },
    { why: 'an endpoint in a list', options: { endpoint: ['/api/j'] }, message: 'endpoint is array, expected string' },
    {
      why: 'a URL object',
      options: { endpoint: new URL('https://example.com/j') },
      message: 'endpoint is object, expected string',
    },
    { why: 'an empty endpoint', options: { endpoint: '' }, message: 'endpoint is "", expected a path' },
    { why: 'a number as endpoint', options: { endpoint: 7 }, message: 'endpoint is number, expected a path' },
    {
      why: 'a relative path',
      options: { endpoint: 'api/j' },
      message: 'endpoint is "api/j", expected a path like "/api/j"',
    },
    {
      why: 'a scheme that is not http',
      options: { endpoint: 'ftp://example.com/j' },
      message: 'endpoint is "ftp://example.com/j", expected',
    },
    { why: 'script as endpoint', options: { endpoint: 'javascript:alert(1)' }, message: ', expected a path' },
    {
      why: 'another host in disguise',
      options: { endpoint: '//example.com/j' },
      message: 'endpoint is "//example.com/j", expected',
    },
    { why: 'another host behind a backslash', options: { endpoint: '/\\example.com' }, message: ', expected a path' },
    { why: 'an origin without a path', options: { endpoint: 'https://example.com' }, message: ', expected a path' },
    { why: 'a name and password', options: { endpoint: 'https://u:p@example.com/j' }, message: ', expected a path' },
    { why: 'a space', options: { endpoint: '/api/ j' }, message: ', expected a path' },
    {
      why: 'a query: block lists match it',
      options: { endpoint: '/api/j?v=1' },
      message: 'endpoint is "/',
    },
    { why: 'a fragment', options: { endpoint: '/api/j#a' }, message: ', expected a path' },
    {
      why: 'an extension: block lists match it',
      options: { endpoint: '/j.gif' },
      message: 'endpoint is "/',
    },
    {
      why: 'an unknown option',
      options: { ...valid, apiHost: 'x' },
      message: 'createTracker: apiHost is "x", expected one of endpoint, ',
    },
    {
      why: 'an unknown one, though undefined',
      options: { ...valid, debug: undefined },
      message: 'debug is undefined, expected one of',
    },
    { why: 'an escape', options: { endpoint: '/%2e%2e/j' }, message: ', expected a path' },
    {
      why: 'a name every object has',
      options: { ...valid, toString: () => '' },
      message: 'toString is function, expected one of',
    },
    {
      why: 'a key that is no string',
      options: { ...valid, writeKey: 1 },
      message: 'writeKey is number, expected string',
    },
    {
      why: 'a plugin instead of a list',
      options: { ...valid, capture: {} },
      message: 'capture is object, expected array',
    },
    { why: 'a list of none', options: { ...valid, plugins: null }, message: 'plugins is null, expected array' },
    {
      why: 'consent as a flag',
      options: { ...valid, consent: true },
      message: 'consent is boolean, expected object',
    },
    {
      why: 'a plan instead of what it tells',
      options: { ...valid, purposeOf: {} },
      message: 'purposeOf is object, expected function',
    },
    { why: 'a list as limits', options: { ...valid, queue: [] }, message: 'queue is array, expected object' },
    {
      why: 'minutes as session',
      options: { ...valid, session: 30 },
      message: 'session is number, expected object',
    },
    {
      why: 'a listener by name',
      options: { ...valid, onDiagnostic: 'log' },
      message: 'onDiagnostic is "log", expected function',
    },
    {
      why: 'a part of its own',
      options: { ...valid, transport: {} },
      message: 'transport is object, expected one of',
    },
  ])('$why', ({ options, message }) => {
    expect(() => checkOptions(options as never)).toThrow(message);
  });
});

test('what visitors get looks at nothing: a page never breaks for its tracker’s sake', async () => {
  vi.doMock('./runtime/is-development.ts', () => ({ isDevelopment: false }));
  vi.resetModules();
  const { createTracker } = await import('./create-browser-tracker.ts');
  const tracker = createTracker({ apiHost: 'x' } as never);
  await tracker.shutdown();
  vi.doUnmock('./runtime/is-development.ts');
});
