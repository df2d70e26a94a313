import { describe, expect, test } from 'vitest';
import { checkOptions } from './check-options.ts';

const valid = { endpoint: '/api/j' };

describe('options that are accepted', () => {
  test.each([
    { why: 'a path', options: valid },
    { why: 'a path of one step', options: { endpoint: '/j' } },
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
    { why: 'none at all', options: undefined, message: 'options must be object, got undefined' },
    { why: 'null', options: null, message: 'options must be object, got null' },
    { why: 'no endpoint', options: {}, message: 'endpoint must be a path like /api/j' },
    { why: 'an empty endpoint', options: { endpoint: '' }, message: 'got ""' },
    { why: 'a number as endpoint', options: { endpoint: 7 }, message: 'endpoint must be string, got number' },
    { why: 'a relative path', options: { endpoint: 'api/j' }, message: 'got "api/j"' },
    {
      why: 'a scheme that is not http',
      options: { endpoint: 'ftp://example.com/j' },
      message: 'got "ftp://example.com/j"',
    },
    { why: 'script as endpoint', options: { endpoint: 'javascript:alert(1)' }, message: 'endpoint must be' },
    { why: 'another host in disguise', options: { endpoint: '//example.com/j' }, message: 'got "//example.com/j"' },
    { why: 'an origin without a path', options: { endpoint: 'https://example.com' }, message: 'endpoint must be' },
    { why: 'a name and password', options: { endpoint: 'https://u:p@example.com/j' }, message: 'endpoint must be' },
    { why: 'a space', options: { endpoint: '/api/ j' }, message: 'endpoint must be' },
    {
      why: 'a query: block lists match it',
      options: { endpoint: '/api/j?v=1' },
      message: 'without query or extension',
    },
    { why: 'a fragment', options: { endpoint: '/api/j#a' }, message: 'endpoint must be' },
    {
      why: 'an extension: block lists match it',
      options: { endpoint: '/j.gif' },
      message: 'without query or extension',
    },
    {
      why: 'an unknown option',
      options: { ...valid, apiHost: 'x' },
      message: 'option must be one of endpoint,writeKey,',
    },
    { why: 'its name', options: { ...valid, apiHost: 'x' }, message: 'got apiHost' },
    { why: 'a name every object has', options: { ...valid, toString: () => '' }, message: 'got toString' },
    {
      why: 'a key that is no string',
      options: { ...valid, writeKey: 1 },
      message: 'writeKey must be string, got number',
    },
    {
      why: 'a plugin instead of a list',
      options: { ...valid, capture: {} },
      message: 'capture must be array, got object',
    },
    { why: 'a list of none', options: { ...valid, plugins: null }, message: 'plugins must be array, got null' },
    { why: 'consent as a flag', options: { ...valid, consent: true }, message: 'consent must be object, got boolean' },
    {
      why: 'a plan instead of what it tells',
      options: { ...valid, purposeOf: {} },
      message: 'purposeOf must be function',
    },
    { why: 'a list as limits', options: { ...valid, queue: [] }, message: 'queue must be object, got array' },
    { why: 'minutes as session', options: { ...valid, session: 30 }, message: 'session must be object, got number' },
    { why: 'a listener by name', options: { ...valid, onDiagnostic: 'log' }, message: 'onDiagnostic must be function' },
    { why: 'a part of its own', options: { ...valid, transport: {} }, message: 'got transport' },
  ])('$why', ({ options, message }) => {
    expect(() => checkOptions(options as never)).toThrow(message);
  });
});
