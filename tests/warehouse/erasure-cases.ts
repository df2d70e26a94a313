import type { CollectedEvent, ErasePerson } from '@org/track-core';

/** Whose an event is. `lost`: it has no readable time, so it is parked. */
interface Whose {
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly previousId?: string;
  readonly context?: unknown;
  readonly lost?: true;
}

/** The id a browser has for itself, where its events have that of the signed cookie. */
const ofBrowser = (browserId: string): Whose['context'] => ({ identity: { browserId } });

/** Who did what, whom to forget, and what must be left: the same in the log and in every warehouse. */
export interface ErasureCase {
  readonly why: string;
  readonly events: readonly Whose[];
  readonly person: ErasePerson;
  /** Places of `events`. */
  readonly left: readonly number[];
  /** Places of what they are told on request; default all that is not left. */
  readonly told?: readonly number[];
}

export const erasureCases: readonly ErasureCase[] = [
  {
    why: 'all that somebody did, whatever the device',
    events: [{ userId: 'u1', anonymousId: 'a1' }, { userId: 'u1' }, { userId: 'u2' }],
    person: { userId: 'u1' },
    left: [2],
  },
  {
    why: 'what their device did before they said who they are',
    events: [{ anonymousId: 'a1' }, { userId: 'u1', anonymousId: 'a1' }, { anonymousId: 'a2' }],
    person: { userId: 'u1' },
    left: [2],
  },
  {
    why: 'of a device that others had too, what nobody said is theirs',
    events: [
      { anonymousId: 'a1' },
      { userId: 'u1', anonymousId: 'a1' },
      { userId: 'u2', anonymousId: 'a1' },
      { userId: 'u2', anonymousId: 'a2' },
    ],
    person: { userId: 'u1' },
    left: [2, 3],
    told: [1],
  },
  {
    why: 'a user is not the device of the same name',
    events: [{ userId: 'u2', anonymousId: 'u1' }, { anonymousId: 'u1' }, { userId: 'u1', anonymousId: 'a1' }],
    person: { userId: 'u1' },
    left: [0, 1],
  },
  {
    why: 'the moment at which they became somebody else',
    events: [
      { userId: 'u9', previousId: 'u1', anonymousId: 'a1' },
      { userId: 'u9', previousId: 'a2' },
      { userId: 'u1', anonymousId: 'a2' },
      { anonymousId: 'a1' },
      { userId: 'u9', anonymousId: 'a1' },
    ],
    person: { userId: 'u1' },
    left: [4],
    told: [0, 1, 2],
  },
  {
    why: 'a device, whoever had it',
    events: [
      { anonymousId: 'a1' },
      { userId: 'u1', anonymousId: 'a1' },
      { userId: 'u1', anonymousId: 'a2' },
      { userId: 'u3', previousId: 'a1' },
    ],
    person: { anonymousId: 'a1' },
    left: [2],
  },
  {
    why: 'a person on a device: not who else had it',
    events: [
      { userId: 'u1', anonymousId: 'a2' },
      { userId: 'u2', anonymousId: 'a1' },
      { anonymousId: 'a1' },
      { anonymousId: 'a2' },
    ],
    person: { userId: 'u1', anonymousId: 'a1' },
    left: [1],
  },
  {
    why: 'what was parked, too, and the device that only it knew',
    events: [
      { userId: 'u1', anonymousId: 'a1', lost: true },
      { anonymousId: 'a1', lost: true },
      { anonymousId: 'a1' },
      { userId: 'u2', lost: true },
      { userId: 'u9', previousId: 'u1', lost: true },
    ],
    person: { userId: 'u1' },
    left: [3],
  },
  {
    why: 'a browser, by the id it has for itself',
    events: [
      { anonymousId: 'a1', context: ofBrowser('b"1') },
      { anonymousId: 'a1' },
      { anonymousId: 'a2', context: ofBrowser('b2') },
      { userId: 'u1', anonymousId: 'a1' },
      { anonymousId: 'a3', context: { identity: 'b"1', browserId: 'b"1' } },
    ],
    person: { anonymousId: 'b"1' },
    left: [2, 4],
  },
  {
    why: 'a person on such a browser: not who else had it',
    events: [
      { anonymousId: 'a1', context: ofBrowser('b1') },
      { userId: 'u2', anonymousId: 'a1', context: ofBrowser('b1') },
      { userId: 'u1', anonymousId: 'a2' },
    ],
    person: { userId: 'u1', anonymousId: 'b1' },
    left: [1],
    told: [2],
  },
  { why: 'nobody it does not know', events: [{ userId: 'u1' }], person: { userId: 'u2' }, left: [0] },
  {
    why: 'an id with a character that databases cannot hold',
    events: [{ userId: 'u\0' }, { userId: 'u\0', lost: true }, { userId: 'u1' }],
    person: { userId: 'u\0' },
    left: [2],
  },
];

export const eventsOf = ({ events }: ErasureCase): readonly CollectedEvent[] =>
  events.map(
    ({ lost, ...whose }, place) =>
      ({
        type: whose.previousId === undefined ? 'track' : 'alias',
        event: 'x',
        messageId: `m${place}`,
        timestamp: lost ? 'yesterday' : '2026-03-01T10:00:00.000Z',
        originalTimestamp: '2026-03-01T10:00:00.000Z',
        receivedAt: '2026-03-01T10:00:01.000Z',
        source: 'server',
        ...whose,
      }) as CollectedEvent,
  );

/** The ids of the events that the person of a case is told of. */
export const toldIds = ({ events, left, told }: ErasureCase): readonly string[] =>
  (told ?? events.map((_, place) => place).filter((place) => !left.includes(place))).map((place) => `m${place}`);

/** The ids of rows of `events`, and of `parked` where a whole event is a column. */
export const idsOfRows = (rows: readonly object[] = []): readonly string[] =>
  (rows as readonly { readonly message_id: string; readonly event: unknown; readonly reason?: string }[])
    .map(({ message_id: id, event, reason }) =>
      reason === undefined ? id : (JSON.parse(String(event)) as CollectedEvent).messageId,
    )
    .sort();

/** The ids of all that a warehouse has, parked or not. */
export const allIds = `SELECT message_id AS id FROM events
UNION ALL SELECT CAST(event AS json) ->> 'messageId' FROM parked ORDER BY id`;
