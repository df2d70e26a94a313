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
      const { user, device, former } = idsOf((event ?? {}) as Ids);
      if (typeof device !== 'string') return;
      if (anonymousId !== undefined && browserIdIn(event) === anonymousId) theirs.add(device);
      if (typeof user !== 'string' || userId === undefined) return;
      (user === userId || former === userId ? theirs : others).add(device);
    },
    found: () => ({
      userId,
      own: new Set([...theirs].filter((device) => device === anonymousId || !others.has(device))),
      shared: new Set([...theirs].filter((device) => device !== anonymousId && others.has(device))),
    }),
  };
}

function idsOf({ userId, anonymousId, previousId }: Ids): {
  readonly user: unknown;
  readonly device: unknown;
  readonly former: unknown;
} {
  return { user: idTextOf(userId), device: idTextOf(anonymousId), former: idTextOf(previousId) };
}

/** An id as people are asked for by it: what is in quarantine may have it as a number. */
export function idTextOf(id: unknown): unknown {
  return typeof id === 'number' ? String(id) : id;
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
  const { user, device, former } = idsOf(event as Ids);
  if (userId !== undefined && (user === userId || former === userId)) return true;
  const isTheirs = (id: unknown): boolean => typeof id === 'string' && (own.has(id) || (withShared && shared.has(id)));
  if (isTheirs(former)) return true;
  return (typeof user !== 'string' || userId === undefined) && isTheirs(device);
}
