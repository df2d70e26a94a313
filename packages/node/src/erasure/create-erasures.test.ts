import { createFakeClock, type FakeClock } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ErasedAt } from '../dispatch/dispatcher.ts';
import type { Log } from '../log/log.ts';
import { memoryLog } from '../log/memory-log.ts';
import type { PersonIds } from '../log/person.ts';
import { createErasures, type Erasures, erasurePatienceMs } from './create-erasures.ts';

let clock: FakeClock;
let log: Log;

beforeEach(() => {
  clock = createFakeClock();
  log = memoryLog({ now: clock.now });
});

afterEach(() => log.close());

/** `erased`: two rows went. `partly`: one did, and it fails. `failed`: nobody knows. */
type Answer = 'erased' | 'accepted' | 'partly' | 'unsupported' | 'failed' | 'slow';

/** Destinations that answer as told, in turn; at last as they did last. */
function erasuresAt(answers: Readonly<Record<string, readonly Answer[] | ((person: PersonIds) => Answer)>>): {
  erasures: Erasures;
  asked: string[];
} {
  const asked: string[] = [];
  const erasures = createErasures({
    log,
    destinations: () => Object.keys(answers),
    async eraseAt(destination, person): Promise<ErasedAt> {
      const before = asked.filter((each) => each.startsWith(`${destination} `)).length;
      asked.push(`${destination} ${Object.values(person).join('+')}`);
      const script = answers[destination] ?? [];
      const kind = typeof script === 'function' ? script(person) : (script[before] ?? script.at(-1) ?? 'erased');
      if (kind === 'slow') {
        await new Promise<void>((resolve) => clock.after(60_000, resolve));
        return { destination, kind: 'erased', rows: 2 };
      }
      if (kind === 'erased') return { destination, kind, rows: 2 };
      if (kind === 'partly') return { destination, kind: 'failed', reason: 'http-500', rows: 1 };
      return kind === 'failed' ? { destination, kind, reason: 'http-500' } : { destination, kind };
    },
    answerWithinMs: 10_000,
    clock,
    random: () => 0.1234567,
    onDiagnostic: undefined,
  });
  return { erasures, asked };
}

/** Time passes, in steps: the log's work takes turns of the real event loop. */
async function pass(ms: number, steps = 20): Promise<void> {
  for (let step = 0; step < steps; step++) {
    await clock.advance(ms / steps);
    for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

const statesOf = (receipt = log.erasures.receipts({ limit: 1 })[0]): object =>
  Object.fromEntries((receipt?.destinations ?? []).map(({ destination, state }) => [destination, state]));

test('each destination is asked once at once; the receipt says what came of it', async () => {
  const { erasures } = erasuresAt({ yes: [], no: ['unsupported'], later: ['failed', 'erased'] });
  const { receipt } = await erasures.erase({ userId: 'u1' });
  expect([receipt.stage, statesOf(receipt)]).toEqual([
    'destinations',
    { yes: 'erased', no: 'unsupported', later: 'waiting' },
  ]);
});

test('one that does not agree is asked until it does, and those that did are left in peace', async () => {
  const { erasures, asked } = erasuresAt({ yes: [], later: ['failed', 'failed', 'failed', 'erased'] });
  erasures.start();
  await erasures.erase({ userId: 'u1' });
  await pass(3_600_000);
  expect([...asked].sort()).toEqual(['later u1', 'later u1', 'later u1', 'later u1', 'yes u1']);
  expect([log.erasures.open(), statesOf()]).toEqual([[], { yes: 'erased', later: 'erased' }]);
});

test('the next process goes on where one was killed', async () => {
  await log.erasures.begin({ userId: 'u1' }, ['far', 'gone']);
  const { erasures, asked } = erasuresAt({ far: [] });
  erasures.start();
  await pass(1_000);
  expect([asked, statesOf()]).toEqual([['far u1'], { far: 'erased', gone: 'waiting' }]);
});

test('one that failed while the clock ran ahead is asked again once that was set right', async () => {
  clock.jump(365 * 24 * 3_600_000);
  const { erasures, asked } = erasuresAt({ a: ['failed', 'erased'] });
  erasures.start();
  const begun = erasures.erase({ userId: 'u' });
  await pass(100);
  await begun;
  expect(asked).toEqual(['a u']);
  clock.jump(-365 * 24 * 3_600_000);
  await pass(2 * 3_600_000);
  expect(asked).toEqual(['a u', 'a u']);
  await erasures.close();
});

test('after 30 days it is given up, also at one that is no destination any more, and nothing says who it was', async () => {
  await log.erasures.begin({ userId: 'u1' }, ['never', 'gone']);
  const { erasures } = erasuresAt({ never: ['failed'] });
  erasures.start();
  await pass(erasurePatienceMs - 3_600_000, 800);
  expect(statesOf()).toEqual({ never: 'waiting', gone: 'waiting' });
  await pass(12 * 3_600_000, 40);
  expect(statesOf()).toEqual({ never: 'failed', gone: 'failed' });
  expect(log.erasures.open()).toEqual([]);
});

/** `u1` on a device that nobody else has. */
async function seeOnPhone(): Promise<void> {
  const timestamp = new Date(clock.now()).toISOString();
  const event = { type: 'track', event: 'e', messageId: 'm', userId: 'u1', anonymousId: 'phone', timestamp };
  await log.append({
    body: JSON.stringify({ batch: [event] }),
    ids: ['m'],
    facts: { receivedAt: clock.now(), source: 'server' },
  });
}

test('devices that were theirs alone are forgotten too; one that knows no devices is no failure', async () => {
  await seeOnPhone();
  const { erasures, asked } = erasuresAt({
    all: [],
    users: ({ anonymousId }) => (anonymousId === undefined ? 'erased' : 'unsupported'),
  });
  const { receipt, anonymousIds } = await erasures.erase({ userId: 'u1' });
  expect(anonymousIds).toEqual(['phone']);
  expect([...asked].sort()).toEqual(['all u1', 'all u1+phone', 'users u1', 'users u1+phone']);
  expect([receipt.stage, statesOf(receipt)]).toEqual(['done', { all: 'erased', users: 'erased' }]);
});

test('devices that are suppressed with somebody are told also where no destination has to be asked', async () => {
  await seeOnPhone();
  const { receipt, anonymousIds } = await erasuresAt({}).erasures.erase({ userId: 'u1' });
  expect([receipt.stage, anonymousIds, log.suppression.has({ anonymousId: 'phone' })]).toEqual([
    'done',
    ['phone'],
    true,
  ]);
});

describe('how many rows went', () => {
  function rowsAt(): object {
    const [receipt] = log.erasures.receipts({ limit: 1 });
    const counts = receipt?.destinations.map(({ destination, rows, rowsAtLeast }) => [
      destination,
      { rows, rowsAtLeast },
    ]);
    return Object.fromEntries(counts ?? []);
  }

  test.each<{ why: string; answers: readonly Answer[]; expected: object }>([
    { why: 'is what a warehouse counted', answers: ['erased'], expected: { rows: 2 } },
    { why: 'is that of all tries', answers: ['partly', 'partly', 'erased'], expected: { rows: 4 } },
    {
      why: 'is not known where a try failed and did not say',
      answers: ['failed', 'erased'],
      expected: { rowsAtLeast: 2 },
    },
    { why: 'stays unknown whatever comes', answers: ['failed', 'partly', 'erased'], expected: { rowsAtLeast: 3 } },
    { why: 'is nobody’s to know where nothing is counted', answers: ['failed', 'accepted'], expected: {} },
  ])('$why', async ({ answers, expected }) => {
    const { erasures } = erasuresAt({ far: answers });
    erasures.start();
    await erasures.erase({ userId: 'u1' });
    await pass(3_600_000);
    expect(rowsAt()).toEqual({ far: expected });
    expect(log.erasures.open()).toEqual([]);
  });

  test('is not known where a process was killed between the question and the answer', async () => {
    const id = await log.erasures.begin({ userId: 'u1' }, ['asked', 'fresh']);
    await log.erasures.asking(id, 'asked');
    const { erasures } = erasuresAt({ asked: [], fresh: [] });
    erasures.start();
    await pass(1_000);
    expect(rowsAt()).toEqual({ asked: { rowsAtLeast: 2 }, fresh: { rows: 2 } });
  });

  test('adds up over a person and their devices', async () => {
    await seeOnPhone();
    const { erasures } = erasuresAt({
      all: [],
      odd: ({ anonymousId }) => (anonymousId === undefined ? 'erased' : 'accepted'),
    });
    await erasures.erase({ userId: 'u1' });
    expect(rowsAt()).toEqual({ all: { rows: 4 }, odd: { rowsAtLeast: 2 } });
  });
});

test('one that takes its time does not keep whoever asked: it goes on, and the receipt follows', async () => {
  const { erasures, asked } = erasuresAt({ slow: ['slow'] });
  erasures.start();
  const erasing = erasures.erase({ userId: 'u1' });
  await pass(11_000);
  const { receipt } = await erasing;
  expect([receipt.stage, statesOf(receipt)]).toEqual(['destinations', { slow: 'waiting' }]);
  await pass(60_000);
  expect([asked, statesOf()]).toEqual([['slow u1'], { slow: 'erased' }]);
});

test('what is no person is refused', async () => {
  const { erasures } = erasuresAt({});
  await expect(erasures.erase({})).rejects.toThrow('expected a userId');
  expect(log.erasures.receipts({ limit: 10 })).toEqual([]);
});
