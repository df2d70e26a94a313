import type { DestinationLimits } from '@org/track-core';
import type { PullLimits } from '../log/log-outbox.ts';
import type { Parcel } from './parcel.ts';

/** Fewest events that a lane looks at to find groups, persons and others that may leave. */
const minWindow = 1_000;

/** The same in bytes, where a destination takes little at once. */
const minWindowBytes = 4 * 1024 * 1024;

/** Events that come out of the log before the process does something else; a whole delivery's where that is more. */
const eventsPerTurn = 500;

/** Places from here on are behind all that is new. */
const behindAll = 2 ** 52;

const byPlace = (one: Parcel, other: Parcel): number => one.place - other.place;

/** Parcels of a lane in memory: those that wait, in order, and those that are on their way. */
export interface WaitingRoom {
  /** In the order of delivery. */
  waiting(): readonly Parcel[];
  /** Is anything without its fate here? */
  isEmpty(): boolean;
  /** What may come out of the log now; `undefined` if nothing. What is old never keeps what is new out. */
  room(now: number): PullLimits | undefined;
  /** The next place; behind all that is new for what can wait. */
  nextPlace(isOld: boolean): number;
  add(parcel: Parcel): void;
  /** They leave; `finish` or `giveBack` tells what became of them. */
  take(parcels: readonly Parcel[]): void;
  giveBack(parcels: readonly Parcel[]): void;
  /** Its fate is known. */
  finish(parcel: Parcel): void;
  /** Bytes that wait. */
  waitingBytes(): number;
  /** When the oldest arrived, epoch milliseconds. */
  oldestReceivedAt(): number | undefined;
}

export function createWaitingRoom(
  limits: Required<Pick<DestinationLimits, 'maxEvents' | 'maxBytes' | 'concurrency'>>,
): WaitingRoom {
  const windowEvents = Math.max(minWindow, limits.maxEvents * (limits.concurrency + 1));
  const windowBytes = Math.max(minWindowBytes, limits.maxBytes * (limits.concurrency + 1));
  const held = new Set<Parcel>(); // waiting and under way
  let waiting: Parcel[] = [];
  let heldBytes = 0;
  let places = 0;

  const isOld = ({ place }: Parcel): boolean => place >= behindAll;

  /** Room beside these parcels, where `bytes` are held. */
  function roomBeside(parcels: readonly Parcel[], bytes: number, now: number): PullLimits | undefined {
    const later = parcels.filter(({ notBefore, isSuspect }) => isSuspect || notBefore > now).length;
    // What waits for its own time must not keep others out; nor may it fill the memory.
    const maxEvents = Math.min(
      windowEvents - (parcels.length - later),
      4 * windowEvents - parcels.length,
      Math.max(eventsPerTurn, limits.maxEvents),
    );
    return maxEvents > 0 && bytes < windowBytes ? { maxEvents, maxBytes: windowBytes - bytes } : undefined;
  }

  const bytesOf = (parcels: Iterable<Parcel>): number => {
    let sum = 0;
    for (const { bytes } of parcels) sum += bytes;
    return sum;
  };

  return {
    waiting: () => waiting,
    isEmpty: () => held.size === 0,
    room(now) {
      const room = roomBeside(waiting, heldBytes, now);
      if (room !== undefined) return room;
      const fresh = waiting.filter((parcel) => !isOld(parcel));
      if (fresh.length === waiting.length) return undefined;
      const besideFresh = roomBeside(fresh, heldBytes - bytesOf(waiting.filter(isOld)), now);
      return besideFresh === undefined ? undefined : { ...besideFresh, isNewOnly: true };
    },
    nextPlace: (canWait) => (canWait ? behindAll : 0) + places++,
    add(parcel) {
      waiting.push(parcel);
      if ((waiting.at(-2)?.place ?? 0) > parcel.place) waiting.sort(byPlace);
      held.add(parcel);
      heldBytes += parcel.bytes;
    },
    take(parcels) {
      const taken = new Set(parcels);
      waiting = waiting.filter((parcel) => !taken.has(parcel));
    },
    giveBack(parcels) {
      waiting = [...parcels, ...waiting].sort(byPlace);
    },
    finish(parcel) {
      held.delete(parcel);
      heldBytes -= parcel.bytes;
    },
    waitingBytes: () => bytesOf(waiting),
    oldestReceivedAt() {
      let oldest: number | undefined;
      for (const { receivedAt } of held) if (oldest === undefined || receivedAt < oldest) oldest = receivedAt;
      return oldest;
    },
  };
}
