import type { TrackEvent } from '@org/track-core';
import { anEvent } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { servedPage } from './served-page.ts';

const id = '0b8c1a52-7f0e-4c39-9d7a-3f5f6f1f0a11';
const other = '0b8c1a52-7f0e-4c39-9d7a-3f5f6f1f0a12';
const page = (): TrackEvent =>
  ({ type: 'page', messageId: 'm1', anonymousId: 'a1', timestamp: 'x', context: { locale: 'de' } }) as TrackEvent;
const processed = (plugin: ReturnType<typeof servedPage>, event: TrackEvent): TrackEvent =>
  plugin.process?.(event) as TrackEvent;
const served = (event: TrackEvent): unknown => event.context?.served;

/** What the browser knows of how this document came. */
function timings(...serverTiming: unknown[]): void {
  vi.spyOn(performance, 'getEntriesByType').mockReturnValue([{ serverTiming }] as never);
}
function meta(content: string): void {
  document.head.innerHTML = `<meta name="doc" content="${content}">`;
}

beforeEach(() => timings({ name: 'db', description: other }, { name: 'doc', description: id }));
afterEach(() => {
  vi.restoreAllMocks();
  document.head.innerHTML = '';
});

test('the first page view says it, and keeps what it had; no later one, and no other event', () => {
  const plugin = servedPage();
  const click = anEvent();
  expect(processed(plugin, click)).toBe(click);
  const first = page();
  expect(processed(plugin, first)).toEqual({ ...first, context: { locale: 'de', served: { id } } });
  expect(first.context).toEqual({ locale: 'de' });
  const second = page();
  expect(processed(plugin, second)).toBe(second);
});

describe('where it is found', () => {
  test.each<{ why: string; arrange: () => void; expected: string | undefined }>([
    { why: 'in the header', arrange: () => meta(other), expected: id },
    {
      why: 'in the meta tag, where the header was lost',
      arrange() {
        timings();
        meta(other);
      },
      expected: other,
    },
    {
      why: 'in the meta tag, where the header says something else under that name',
      arrange() {
        timings({ name: 'doc', description: 'ready' });
        meta(other);
      },
      expected: other,
    },
    { why: 'nowhere', arrange: () => timings(), expected: undefined },
    {
      why: 'something that looks like none',
      arrange() {
        timings({ name: 'doc', description: 'ada@example.com' });
        meta('<script>');
      },
      expected: undefined,
    },
    {
      why: 'in a browser without server timings',
      arrange() {
        vi.spyOn(performance, 'getEntriesByType').mockReturnValue([{}] as never);
        meta(id);
      },
      expected: id,
    },
    {
      why: 'in a browser without an entry',
      arrange: () => void vi.spyOn(performance, 'getEntriesByType').mockReturnValue([]),
      expected: undefined,
    },
    {
      why: 'where the browser throws',
      arrange: () =>
        void vi.spyOn(performance, 'getEntriesByType').mockImplementation(() => {
          throw new Error('no');
        }),
      expected: undefined,
    },
  ])('$why', ({ arrange, expected }) => {
    arrange();
    expect(served(processed(servedPage(), page()))).toEqual(expected && { id: expected });
  });
});
