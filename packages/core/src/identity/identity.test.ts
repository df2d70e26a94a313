import { describe, expect, test } from 'vitest';
import type { Decision } from '../event/event.ts';
import { createIds } from '../runtime/ids.ts';
import { createFakeClock, type FakeClock } from '../testing/fake-clock.ts';
import type { Device, DeviceStore, Session } from './device.ts';
import { createIdentity, type IdentityOptions } from './identity.ts';

const minute = 60_000;
const hour = 60 * minute;
const start = Date.UTC(2026, 0, 1);
const yes: Decision = [{ analytics: true }, start];
const no: Decision = [{ analytics: false }, start];

/** One device's storage, shared by its tabs. */
function createStore(device?: Device) {
  const saved: Device[] = device ? [device] : [];
  const store: DeviceStore = { load: () => saved.at(-1), save: (changed) => void saved.push(changed) };
  return { store, saved, last: () => saved.at(-1) };
}

function createTab(clock: FakeClock, store: DeviceStore | undefined, given: Partial<IdentityOptions> = {}) {
  const ids = createIds({ now: clock.now });
  const identity = createIdentity({ ids, now: clock.now, store, mayStore: () => true, ...given });
  return {
    ...identity,
    identify: (userId: string) => identity.touch(userId),
    sessionId: () => identity.touch().session?.id,
  };
}

describe('who it is', () => {
  test('is the same at every event', async () => {
    const clock = createFakeClock(start);
    const tab = createTab(clock, undefined);
    const first = tab.touch();
    await clock.advance(minute);
    const second = tab.touch();
    expect(first.anonymousId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(second.anonymousId).toBe(first.anonymousId);
    expect(second.userId).toBeUndefined();
    expect(second.session).toEqual({ id: first.session?.id });
  });

  test('is the same at the next visit, in a new session', async () => {
    const clock = createFakeClock(start);
    const { store } = createStore();
    const before = createTab(clock, store);
    before.identify('u1');
    const first = before.touch();
    await clock.advance(2 * hour);
    const second = createTab(clock, store).touch();
    expect(second).toMatchObject({ anonymousId: first.anonymousId, userId: 'u1' });
    expect(second.session?.id).not.toBe(first.session?.id);
  });

  test('is somebody else on another device', () => {
    const clock = createFakeClock(start);
    expect(createTab(clock, undefined).touch().anonymousId).not.toBe(createTab(clock, undefined).touch().anonymousId);
  });

  test('has a user once identified, and keeps the ids it had', () => {
    const tab = createTab(createFakeClock(start), undefined);
    const before = tab.touch();
    tab.identify('u1');
    expect(tab.touch()).toMatchObject({
      anonymousId: before.anonymousId,
      userId: 'u1',
      session: { id: before.session?.id },
    });
  });

  test('is the same user when identified again', () => {
    const tab = createTab(createFakeClock(start), undefined);
    tab.identify('u1');
    const before = tab.touch();
    tab.identify('u1');
    expect(tab.touch()).toEqual({ ...before, session: { id: before.session?.id } });
  });

  test('is the same person where the new user is said to be the same: the ids go on', () => {
    const { store, last } = createStore();
    const tab = createTab(createFakeClock(start), store);
    const before = tab.identify('u1');
    expect(tab.touch('u2', true)).toEqual({ ...before, userId: 'u2', session: { id: before.session?.id } });
    expect(last()).toMatchObject({ userId: 'u2', anonymousId: before.anonymousId });
  });

  test('is another person when another user is identified: no id is carried over', () => {
    const { store, last } = createStore();
    const tab = createTab(createFakeClock(start), store);
    tab.identify('u1');
    const before = tab.touch();
    const after = tab.identify('u2');
    expect(after.userId).toBe('u2');
    expect(after.anonymousId).not.toBe(before.anonymousId);
    expect(after.session).toEqual({ id: expect.not.stringMatching(`${before.session?.id}`), isNew: true });
    expect(last()).toMatchObject({ userId: 'u2', anonymousId: after.anonymousId });
  });

  test('is forgotten at a reset, save the consent decision', () => {
    const { store, last } = createStore({ consent: yes });
    const tab = createTab(createFakeClock(start), store);
    tab.identify('u1');
    const before = tab.touch();
    tab.reset();
    expect(last()).toEqual({ consent: yes, anonymousId: expect.not.stringMatching(`${before.anonymousId}`) });
    const after = tab.touch();
    expect(after.anonymousId).toBe(last()?.anonymousId);
    expect(after.userId).toBeUndefined();
    expect(after.anonymousId).not.toBe(before.anonymousId);
    expect(after.session?.id).not.toBe(before.session?.id);
    expect(after.session?.isNew).toBe(true);
  });
});

describe('the session', () => {
  test('is new at its first event only, and named by the moment it began', () => {
    const tab = createTab(createFakeClock(start), undefined);
    const { session } = tab.touch();
    expect(session?.isNew).toBe(true);
    expect(Number.parseInt(`${session?.id.replace('-', '').slice(0, 12)}`, 16)).toBe(start);
    expect(tab.touch().session).toEqual({ id: session?.id });
  });

  test.each([
    { why: 'goes on within 30 minutes', waitMs: 30 * minute - 1, isSame: true },
    { why: 'ends after 30 minutes without an event', waitMs: 30 * minute, isSame: false },
  ])('$why', async ({ waitMs, isSame }) => {
    const clock = createFakeClock(start);
    const tab = createTab(clock, createStore().store);
    const first = tab.touch();
    await clock.advance(waitMs);
    const second = tab.touch();
    expect(second.session?.id === first.session?.id).toBe(isSame);
    expect(second.session?.isNew).toBe(isSame ? undefined : true);
    expect(second.anonymousId).toBe(first.anonymousId);
  });

  test('ends after 24 hours, however busy', async () => {
    const clock = createFakeClock(start);
    const tab = createTab(clock, createStore().store);
    const first = tab.sessionId();
    for (let waited = 0; waited < 24 * hour - 20 * minute; waited += 20 * minute) {
      await clock.advance(20 * minute);
      expect(tab.sessionId()).toBe(first);
    }
    await clock.advance(20 * minute);
    expect(tab.sessionId()).not.toBe(first);
  });

  test.each([
    { why: 'idle', limits: { idleMs: 1_000 } },
    { why: 'the cap', limits: { idleMs: hour, maxMs: 1_000 } },
  ])('ends when the host says: $why', async ({ limits }) => {
    const clock = createFakeClock(start);
    const tab = createTab(clock, undefined, { session: limits });
    const first = tab.sessionId();
    await clock.advance(999);
    expect(tab.sessionId()).toBe(first);
    await clock.advance(1_000);
    expect(tab.sessionId()).not.toBe(first);
  });

  test('is kept alive by each event, also by those that were not written', async () => {
    const clock = createFakeClock(start);
    const tab = createTab(clock, createStore().store);
    const first = tab.sessionId();
    await clock.advance(4_000);
    tab.touch();
    await clock.advance(30 * minute - 1);
    expect(tab.sessionId()).toBe(first);
  });

  test('that another tab began goes on here though somebody is identified in between', async () => {
    const clock = createFakeClock(start);
    const { store, last } = createStore();
    const [here, there] = [createTab(clock, store), createTab(clock, store)];
    here.touch();
    await clock.advance(40 * minute);
    const second = there.sessionId();
    expect(here.sessionId()).toBe(second);
    here.identify('u1');
    expect(here.sessionId()).toBe(second);
    expect(last()).toMatchObject({ userId: 'u1', session: [second, clock.now(), clock.now()] });
  });

  test('goes on at the next page', async () => {
    const clock = createFakeClock(start);
    const { store } = createStore();
    const first = createTab(clock, store).sessionId();
    await clock.advance(minute);
    expect(createTab(clock, store).touch().session).toEqual({ id: first });
  });

  test('that another tab kept alive goes on here', async () => {
    const clock = createFakeClock(start);
    const { store } = createStore();
    const here = createTab(clock, store);
    const first = here.sessionId();
    const there = createTab(clock, store);
    await clock.advance(20 * minute);
    expect(there.sessionId()).toBe(first);
    await clock.advance(20 * minute);
    expect(here.touch().session).toEqual({ id: first });
  });

  test('that another tab began is the one that goes on here', async () => {
    const clock = createFakeClock(start);
    const { store } = createStore();
    const [here, there] = [createTab(clock, store), createTab(clock, store)];
    const first = here.sessionId();
    await clock.advance(40 * minute);
    const second = there.sessionId();
    expect(second).not.toBe(first);
    await clock.advance(minute);
    expect(here.touch().session).toEqual({ id: second });
  });

  test('that ended in every tab does not come back', async () => {
    const clock = createFakeClock(start);
    const { store } = createStore();
    const [here, there] = [createTab(clock, store), createTab(clock, store)];
    const first = here.sessionId();
    there.touch();
    await clock.advance(31 * minute);
    expect(here.sessionId()).not.toBe(first);
    expect(there.sessionId()).toBe(here.sessionId());
  });

  /** Two tabs that both read the cookie before either has written it. */
  function inOneMoment(clock: FakeClock, store: DeviceStore) {
    const before = store.load();
    const late: DeviceStore = { load: () => before, save: store.save };
    return [createTab(clock, store), createTab(clock, late)] as const;
  }

  test.each([
    { why: 'after 31 idle minutes', lastAt: start - 31 * minute, beganAt: start - hour },
    { why: 'after a visit of one event', lastAt: start - 31 * minute, beganAt: start - 31 * minute },
    { why: 'after 24 hours', lastAt: start - minute, beganAt: start - 24 * hour },
  ])('that two tabs begin in the same moment has one id: $why', ({ lastAt, beganAt }) => {
    const clock = createFakeClock(start);
    const ended: Session = [createIds({ now: () => beganAt }).time(), beganAt, lastAt];
    const { store, last } = createStore({ consent: yes, anonymousId: 'anonymous-1', session: ended });
    const [here, there] = inOneMoment(clock, store);
    here.touch('u1');
    clock.jump(5);
    const id = there.sessionId();
    expect(here.sessionId()).toBe(id);
    expect(last()?.session?.[0]).toBe(id);
    expect(id).not.toBe(ended[0]);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    // Its time is told to some 66 seconds.
    const beganMs = Number.parseInt(`${id?.replace('-', '').slice(0, 12)}`, 16);
    expect(Math.abs(beganMs - clock.now())).toBeLessThan(65_536);
  });

  test.each([
    { why: 'by default', limits: {}, everyMs: 30 * minute },
    { why: 'where visits are short', limits: { idleMs: 1_000 }, everyMs: 1_000 },
    { why: 'where they may not last', limits: { maxMs: 1_000 }, everyMs: 1_000 },
  ])('never has the id of another: $why', async ({ limits, everyMs }) => {
    const clock = createFakeClock(start);
    const { store } = createStore();
    const ids = new Set<string | undefined>();
    for (let visits = 0; visits < 300; visits++) {
      ids.add(createTab(clock, store, { session: limits }).sessionId());
      await clock.advance(everyMs);
    }
    expect(ids.size).toBe(300);
  });

  test('has nothing of a visit before the reset', async () => {
    const clock = createFakeClock(start);
    const { store } = createStore();
    const tab = createTab(clock, store);
    const before = tab.sessionId();
    tab.reset();
    await clock.advance(hour);
    expect(tab.sessionId()?.slice(-17)).not.toBe(before?.slice(-17));
  });

  test.each([
    { why: 'no id', session: [null, start - 2 * hour, start - hour] },
    { why: 'no list', session: 5 },
    { why: 'nothing in it', session: [] },
    { why: 'no times', session: ['session-1', 'then', null] },
  ])('begins whatever a cookie says of the last one: $why', ({ session }) => {
    const { store } = createStore({ session } as unknown as Device);
    expect(createTab(createFakeClock(start), store).touch().session).toEqual({
      id: expect.stringMatching(/^[\w-]{8,64}$/),
      isNew: true,
    });
  });
});

describe('what another tab heard', () => {
  function inTwoTabs() {
    const clock = createFakeClock(start);
    const { store, last } = createStore();
    const here = createTab(clock, store);
    const there = createTab(clock, store);
    here.touch();
    return { clock, here, there, last };
  }

  test('of a sign-in is not taken back by what happens here', async () => {
    const { clock, here, there, last } = inTwoTabs();
    await clock.advance(6_000);
    const who = there.identify('u1');
    await clock.advance(6_000);
    expect(here.touch()).toMatchObject({ anonymousId: who.anonymousId, userId: 'u1' });
    expect(last()).toMatchObject({ anonymousId: who.anonymousId, userId: 'u1' });
  });

  test('of a reset is not undone by what happens here', async () => {
    const { clock, here, there, last } = inTwoTabs();
    const before = here.identify('u1');
    await clock.advance(6_000);
    there.touch();
    there.reset();
    const after = there.touch();
    await clock.advance(6_000);
    const who = here.touch();
    expect(who).toMatchObject({ anonymousId: after.anonymousId, session: { id: after.session?.id } });
    expect(who.userId).toBeUndefined();
    expect(after.anonymousId).not.toBe(before.anonymousId);
    expect(last()).toMatchObject({ anonymousId: after.anonymousId });
    expect(last()?.userId).toBeUndefined();
  });

  test('of a reset is not undone by a sign-in here right after', async () => {
    const { clock, here, there, last } = inTwoTabs();
    const before = here.touch();
    await clock.advance(1_000);
    there.reset();
    const after = there.touch();
    expect(here.identify('u2')).toMatchObject({ anonymousId: after.anonymousId, userId: 'u2' });
    expect(last()).toMatchObject({ anonymousId: after.anonymousId, userId: 'u2' });
    expect(after.anonymousId).not.toBe(before.anonymousId);
  });

  test('of a sign-in is not taken back by a decision made here', async () => {
    const { clock, here, there, last } = inTwoTabs();
    await clock.advance(6_000);
    const who = there.identify('u1');
    here.remember(yes);
    expect(last()).toMatchObject({ anonymousId: who.anonymousId, userId: 'u1', consent: yes });
  });

  test('of an id is used here: tabs that were open before there was one are one device', async () => {
    const { here, there } = inTwoTabs();
    expect(there.touch().anonymousId).toBe(here.touch().anonymousId);
  });

  test.each([
    { why: 'an event', act: (tab: ReturnType<typeof createTab>) => void tab.touch() },
    { why: 'a sign-in', act: (tab: ReturnType<typeof createTab>) => void tab.identify('u2') },
  ])('of a yes is not erased by what happens where nobody was asked yet: $why', async ({ act }) => {
    const clock = createFakeClock(start);
    const { store, last } = createStore();
    const here = createTab(clock, store, { mayStore: () => false });
    const there = createTab(clock, store);
    there.remember(yes);
    there.identify('u1');
    const known = last();
    await clock.advance(6_000);
    act(here);
    expect(last()).toEqual(known);
  });

  test('of who it is is forgotten at a reset here, also where nobody was asked yet', () => {
    const { store, last } = createStore({ consent: yes, anonymousId: 'theirs', userId: 'u1' });
    createTab(createFakeClock(start), store, { mayStore: () => false }).reset();
    expect(last()).toEqual({ consent: yes });
  });

  test('is not read where nothing may be stored', async () => {
    const clock = createFakeClock(start);
    const { store } = createStore({ consent: yes, anonymousId: 'theirs', userId: 'u1' });
    const here = createTab(clock, store, { mayStore: () => false });
    here.reset();
    await clock.advance(6_000);
    expect(here.touch().userId).toBeUndefined();
  });
});

describe('a clock set back by two hours', () => {
  test('does not end the session', async () => {
    const clock = createFakeClock(start);
    const { store } = createStore();
    const tab = createTab(clock, store);
    const first = tab.sessionId();
    await clock.advance(minute);
    clock.jump(-2 * hour);
    expect(tab.sessionId()).toBe(first);
    await clock.advance(10 * minute);
    expect(tab.sessionId()).toBe(first);
    expect(createTab(clock, store).sessionId()).toBe(first);
  });

  test('does not set back when it was last seen', async () => {
    const clock = createFakeClock(start);
    const { store, last } = createStore();
    const tab = createTab(clock, store);
    tab.touch();
    clock.jump(-2 * hour);
    tab.touch();
    tab.identify('u1');
    createTab(clock, store).touch();
    expect(last()?.session?.[2]).toBe(start);
  });

  test('does not bring back one that ended', async () => {
    const clock = createFakeClock(start);
    const { store } = createStore();
    const tab = createTab(clock, store);
    const first = tab.sessionId();
    await clock.advance(31 * minute);
    const second = tab.sessionId();
    clock.jump(-2 * hour);
    expect(second).not.toBe(first);
    expect(tab.sessionId()).toBe(second);
    expect(createTab(clock, store).sessionId()).toBe(second);
  });

  test.each([
    { where: 'a page of its own', store: undefined },
    { where: 'a device', store: createStore().store },
  ])('and forward again does not end it either: $where', async ({ store }) => {
    const clock = createFakeClock(start);
    const tab = createTab(clock, store);
    await clock.advance(hour);
    const first = tab.sessionId();
    clock.jump(-2 * hour);
    await clock.advance(minute);
    tab.touch();
    clock.jump(2 * hour);
    expect(tab.sessionId()).toBe(first);
  });
});

describe('what the device remembers', () => {
  const ask = (isAllowed = false) => ({ isAllowed });

  test('is nothing before a decision', async () => {
    const clock = createFakeClock(start);
    const { store, saved } = createStore();
    const tab = createTab(clock, store, { mayStore: () => false });
    tab.touch();
    tab.identify('u1');
    tab.identify('u2');
    await clock.advance(hour);
    tab.touch();
    tab.reset();
    expect(saved).toEqual([]);
  });

  test('is nothing read either: an old session without consent does not go on', () => {
    const session: Session = ['session-1', start - minute, start - minute];
    let loads = 0;
    const store: DeviceStore = {
      load() {
        loads++;
        return loads === 1 ? undefined : { session };
      },
      save() {},
    };
    expect(createTab(createFakeClock(start), store, { mayStore: () => false }).sessionId()).not.toBe('session-1');
  });

  test('after a yes: the decision, and the ids of the events that waited for it', () => {
    const { store, saved, last } = createStore();
    const consent = ask();
    const tab = createTab(createFakeClock(start), store, { mayStore: () => consent.isAllowed });
    tab.identify('u1');
    const { anonymousId, session } = tab.touch();
    consent.isAllowed = true;
    tab.remember(yes);
    expect(saved).toHaveLength(1);
    expect(last()).toEqual({
      consent: yes,
      anonymousId,
      userId: 'u1',
      session: [session?.id, start, start],
    });
  });

  test('after a no: the decision alone', () => {
    const { store, last } = createStore();
    const tab = createTab(createFakeClock(start), store, { mayStore: () => false });
    tab.identify('u1');
    tab.touch();
    tab.remember(no);
    tab.touch();
    expect(last()).toEqual({ consent: no });
  });

  test('of a no is written again, or it would be forgotten one day', async () => {
    const clock = createFakeClock(start);
    const { store, saved } = createStore({ consent: no });
    const tab = createTab(clock, store, { mayStore: () => false });
    tab.touch();
    expect(saved).toEqual([{ consent: no }, { consent: no }]);
  });

  test('after a yes was taken back: the decision alone, whatever happens next', async () => {
    const clock = createFakeClock(start);
    const { store, saved, last } = createStore();
    const consent = ask(true);
    const tab = createTab(clock, store, { mayStore: () => consent.isAllowed });
    tab.remember(yes);
    tab.identify('u1');
    tab.touch();
    consent.isAllowed = false;
    tab.remember(no);
    const decisionAlone = { consent: no };
    expect(last()).toEqual(decisionAlone);
    const before = saved.length;
    await clock.advance(hour);
    tab.touch();
    tab.identify('u2');
    tab.reset();
    for (const device of saved.slice(before)) expect(device).toEqual(decisionAlone);
  });

  test('is not overwritten by a tab that has not heard of the decision', async () => {
    const clock = createFakeClock(start);
    const { store, last } = createStore({ consent: yes });
    const here = createTab(clock, store);
    const consent = ask(true);
    const there = createTab(clock, store, { mayStore: () => consent.isAllowed });
    here.touch();
    there.touch();
    await clock.advance(minute);
    consent.isAllowed = false;
    there.remember([{ analytics: false }, clock.now()]);
    await clock.advance(minute);
    here.touch();
    expect(last()?.consent).toEqual([{ analytics: false }, start + minute]);
    expect(last()?.anonymousId).toBeUndefined();
  });

  test('is written when something changes, else at most every five seconds', async () => {
    const clock = createFakeClock(start);
    const { store, saved, last } = createStore();
    const tab = createTab(clock, store);
    tab.touch();
    for (let second = 0; second < 5; second++) {
      tab.touch();
      await clock.advance(1_000);
    }
    expect(saved).toHaveLength(1);
    await clock.advance(1);
    tab.touch();
    expect(saved).toHaveLength(2);
    expect(last()?.session?.[2]).toBe(clock.now());
    tab.identify('u1');
    expect(saved).toHaveLength(3);
  });

  test('is for this page only where there is no store', () => {
    const tab = createTab(createFakeClock(start), undefined);
    tab.remember(yes);
    tab.identify('u1');
    tab.reset();
    expect(tab.touch().userId).toBeUndefined();
  });
});
