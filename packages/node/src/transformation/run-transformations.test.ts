import type { TrackEvent } from '@org/track-core';
import { anEvent } from '@org/track-core/testing';
import { describe, expect, test } from 'vitest';
import { createTransformations, maxOutputs, transformationBudgetMs } from './run-transformations.ts';
import type { Transformation } from './transformation.ts';

const origin = { source: 'browser', receivedAt: 0 } as const;
const run = (transformations: readonly Transformation[], events: readonly TrackEvent[]) =>
  createTransformations(transformations)(events, origin);
const consent = { categoryPreferences: { analytics: true } };
const event = anEvent({ messageId: 'm', properties: { price: 1 }, context: { ip: '203.0.113.0', consent } });
const forever = (): never => {
  for (;;);
};

describe('an event', () => {
  test('is changed in place, or replaced', async () => {
    const inPlace: Transformation = (given) => {
      Object.assign(given, { event: 'Renamed' });
      return given;
    };
    const replaced: Transformation = (given) => ({ ...given, event: 'Renamed' }) as TrackEvent;
    for (const transformation of [inPlace, replaced]) {
      expect(await run([transformation], [event])).toEqual([
        { kind: 'events', events: [{ ...event, event: 'Renamed' }] },
      ]);
    }
    expect(event.event).not.toBe('Renamed');
  });

  test('is dropped', async () => {
    expect(
      await run(
        [
          function internal() {
            return null;
          },
        ],
        [event],
      ),
    ).toEqual([{ kind: 'dropped', by: 'internal' }]);
  });

  test('is split; the parts have the same ids each time it comes', async () => {
    const split: Transformation = (given) => [given, given, { ...given, messageId: 'mine' }];
    const [first] = await run([split], [event]);
    expect(first?.kind).toBe('events');
    const ids = first?.kind === 'events' ? first.events.map(({ messageId }) => messageId) : [];
    expect(ids[0]).toBe('m');
    expect(new Set(ids).size).toBe(3);
    expect(ids[1]).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-a[\da-f]{3}-[\da-f]{12}$/);
    expect(await run([split], [event])).toEqual([first]);
  });

  test('goes through one after the other', async () => {
    const one: Transformation = (given) => [given, { ...given, event: 'Second' } as TrackEvent];
    const two: Transformation = (given) => ((given as { event: string }).event === 'Second' ? given : null);
    const [result] = await run([one, two], [event]);
    expect(result).toMatchObject({ kind: 'events', events: [{ event: 'Second', messageId: 'm' }] });
  });

  test('keeps the consent it came with, whatever is made of it', async () => {
    const transformation: Transformation = (given) => ({
      ...given,
      context: { consent: { categoryPreferences: { advertising: true } } },
    });
    const [result] = await run([transformation], [event, anEvent({ messageId: 'none' })].slice(0, 1));
    expect(result).toMatchObject({ events: [{ context: { consent } }] });
    const [without] = await run([transformation], [anEvent({ messageId: 'none' })]);
    expect(without?.kind === 'events' && without.events[0]?.context).toEqual({});
  });
});

describe('a transformation that fails costs only the event', { timeout: 30_000 }, () => {
  const rows: readonly { why: string; output: () => unknown; code: string; message?: RegExp }[] = [
    {
      why: 'throws',
      output: () => {
        throw new TypeError('no price');
      },
      code: 'transformation-failed',
      message: /^TypeError: no price$/,
    },
    {
      why: 'throws what cannot be told',
      output: () => {
        throw Object.assign(new Error(), { message: Object.create(null) });
      },
      code: 'transformation-failed',
      message: /^object$/,
    },
    { why: 'returns nothing', output: () => undefined, code: 'transformation-invalid-event' },
    { why: 'returns a text', output: () => 'x', code: 'transformation-invalid-event' },
    {
      why: 'returns what is no event',
      output: () => ({ type: 'track' }),
      code: 'transformation-invalid-event',
      message: /event: missing/,
    },
    { why: 'answers later', output: () => Promise.reject(new Error('late')), code: 'transformation-async' },
    {
      why: 'answers later with a part',
      output: () => [event, Promise.reject(new Error('late'))],
      code: 'transformation-async',
    },
    {
      why: 'returns too much',
      output: () => new Array(maxOutputs + 1).fill(event),
      code: 'transformation-too-many-events',
    },
    {
      why: 'returns what JSON cannot say',
      output: () => ({ ...event, properties: { big: 1n } }),
      code: 'transformation-failed',
    },
    {
      why: 'returns itself inside itself',
      output: () => {
        const loop: Record<string, unknown> = { ...event };
        loop.properties = loop;
        return loop;
      },
      code: 'transformation-failed',
    },
    {
      why: 'makes it too large',
      output: () => ({ ...event, properties: { text: 'x'.repeat(40_000) } }),
      code: 'transformation-invalid-event',
    },
    { why: 'never ends', output: forever, code: 'transformation-too-slow' },
    {
      why: 'never ends, and would not be stopped',
      output: () => {
        for (;;) {
          try {
            forever();
          } catch {
            // Not even this is reached.
          }
        }
      },
      code: 'transformation-too-slow',
    },
    {
      why: 'never ends when it is written out',
      output: () => ({ ...event, toJSON: forever }),
      code: 'transformation-too-slow',
    },
  ];
  test.each(rows)('$why', async ({ output, code, message }) => {
    const events = [anEvent({ messageId: 'before' }), event, anEvent({ messageId: 'after' })];
    const mine: Transformation = (given) => (given.messageId === 'm' ? (output() as TrackEvent) : given);
    const [before, failed, after] = await run([mine], events);
    expect(before).toMatchObject({ kind: 'events', events: [{ messageId: 'before' }] });
    expect(failed).toMatchObject({ kind: 'failed', by: 'mine', code });
    if (message !== undefined) expect(failed).toMatchObject({ message: expect.stringMatching(message) });
    expect(after).toMatchObject({ kind: 'events', events: [{ messageId: 'after' }] });
  });
});

// A busy machine gives them little of itself.
describe('time', { timeout: 30_000 }, () => {
  const busyFor = (ms: number): void => {
    const spentMs = (): number => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    };
    const end = spentMs() + ms;
    while (spentMs() < end);
  };

  test('is each event’s own: many that are quick enough all pass, together far beyond what one may take', async () => {
    const events = Array.from({ length: 30 }, (_, index) => anEvent({ messageId: `${index}` }));
    const patient: Transformation = (given) => {
      busyFor(transformationBudgetMs / 4);
      return given;
    };
    const results = await run([patient], events);
    expect(results.filter(({ kind }) => kind === 'events')).toHaveLength(30);
    expect(results.map((result) => result.kind === 'events' && result.events[0]?.messageId)).toEqual(
      events.map(({ messageId }) => messageId),
    );
  });

  test('others have their turn while a batch takes long', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const slow: Transformation = (given) => (given.messageId === 'slow' ? forever() : given);
    await run(
      [slow],
      Array.from({ length: 5 }, () => anEvent({ messageId: 'slow' })),
    );
    clearInterval(timer);
    expect(turns).toBeGreaterThanOrEqual(2);
  });

  test('two batches at once do not stop each other', async () => {
    const transformations = createTransformations([
      (given) => {
        busyFor(transformationBudgetMs / 4);
        return given;
      },
    ]);
    const batch = (name: string) => Array.from({ length: 10 }, (_, index) => anEvent({ messageId: `${name}${index}` }));
    const both = await Promise.all([transformations(batch('a'), origin), transformations(batch('b'), origin)]);
    expect(both.flat().every(({ kind }) => kind === 'events')).toBe(true);
    expect(both[1]?.[9]).toMatchObject({ events: [{ messageId: 'b9' }] });
  });
});
