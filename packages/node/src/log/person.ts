/** A person, by one id or by several. */
export interface PersonIds {
  readonly userId?: string;
  readonly anonymousId?: string;
}

/** Whose event it is, as far as it says. */
interface Ids {
  readonly userId?: unknown;
  readonly anonymousId?: unknown;
  readonly previousId?: unknown;
}

/** A person's ids, with those of their devices before they said who they are. */
export interface KnownPerson {
  readonly userId: string | undefined;
  /** Devices on which nobody else was. */
  readonly own: ReadonlySet<string>;
  /** Devices on which other people were too. */
  readonly shared: ReadonlySet<string>;
}

/** Finds out, from all of a log's events, which devices were a person's. */
export function createPersonFinder({ userId, anonymousId }: PersonIds): {
  see(event: unknown): void;
  found(): KnownPerson;
} {
  const theirs = new Set<string>(anonymousId === undefined ? [] : [anonymousId]);
  const others = new Set<string>();
  return {
    see(event) {
      const { userId: user, anonymousId: device, previousId } = (event ?? {}) as Ids;
      if (typeof device !== 'string') return;
      if (anonymousId !== undefined && browserIdIn(event) === anonymousId) theirs.add(device);
      if (typeof user !== 'string' || userId === undefined) return;
      (user === userId || previousId === userId ? theirs : others).add(device);
    },
    found: () => ({
      userId,
      own: new Set([...theirs].filter((device) => device === anonymousId || !others.has(device))),
      shared: new Set([...theirs].filter((device) => device !== anonymousId && others.has(device))),
    }),
  };
}

/** The id a browser has for itself, where the collector's cookie has another for it. */
export function browserIdIn(event: unknown): unknown {
  type Named = { readonly context?: { readonly identity?: { readonly browserId?: unknown } | null } | null };
  return (event as Named | null | undefined)?.context?.identity?.browserId;
}

/**
 * Is the event about this person? One without a `userId` is about whoever had the device.
 *
 * @param withShared - also where somebody else may have had it
 */
export function isAbout(event: unknown, { userId, own, shared }: KnownPerson, withShared: boolean): boolean {
  if (typeof event !== 'object' || event === null) return false;
  const { userId: user, anonymousId: device, previousId } = event as Ids;
  if (userId !== undefined && (user === userId || previousId === userId)) return true;
  const isTheirs = (id: unknown): boolean => typeof id === 'string' && (own.has(id) || (withShared && shared.has(id)));
  if (isTheirs(previousId)) return true;
  return (typeof user !== 'string' || userId === undefined) && isTheirs(device);
}
