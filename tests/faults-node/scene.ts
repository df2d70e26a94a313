import { newId } from '../faults/client.ts';
import type { FrontServer } from '../faults/front-server.ts';
import { until } from '../faults/until.ts';
import type { End, ServerClientUnderTest } from './client.ts';
import type { TrackedProcess } from './tracked-process.ts';

/** What a row acts with. */
export interface Scene {
  readonly front: FrontServer;
  readonly client: ServerClientUnderTest;
  readonly process: TrackedProcess;
  /** Ids of the events tracked so far. */
  readonly sent: string[];
  /** Tracks `count` events in one task. `id` names the first. */
  track(count: number, options?: { readonly sizeBytes?: number; readonly id?: string }): Promise<void>;
  /** Tracks `count` events in one task, and ends the process so long after; negative: in that task. */
  trackAndEnd(count: number, end: End, afterMs: number): Promise<void>;
  /** Breaks or mends the name server. */
  names(resolve: boolean): Promise<void>;
  /** Sets the wall clock of the process so far ahead of ours. */
  clock(aheadMs: number): Promise<void>;
  /** Tells the client to end as its documentation says. */
  shutdown(): Promise<void>;
  /** Waits until the far end took everything tracked so far, save what it is right to refuse. */
  arrival(patienceMs: number): Promise<boolean>;
  /** Waits for the next request with events after those seen so far. */
  nextRequest(patienceMs?: number): Promise<boolean>;
  /** Says something in the row's last column. */
  note(text: string): void;
}

const typicalBytes = 300;

export function createScene(
  front: FrontServer,
  client: ServerClientUnderTest,
  process: TrackedProcess,
  notes: Set<string>,
  refused = 0,
): Scene {
  const sent: string[] = [];
  const note = (text: string): void => void notes.add(text);

  function made(count: number, first?: string): readonly string[] {
    const ids = Array.from({ length: count }, newId);
    if (first !== undefined) ids[0] = first;
    sent.push(...ids);
    return ids;
  }

  async function tell(answer: Promise<string>): Promise<void> {
    const said = await answer;
    if (said !== 'done') note(said.replaceAll(/[|\n]+/g, ' ').slice(0, 120));
  }

  return {
    front,
    client,
    process,
    sent,
    track: (count, { sizeBytes = typicalBytes, id } = {}) =>
      tell(process.obey({ act: 'track', ids: made(count, id), sizeBytes })),
    async trackAndEnd(count, end, afterMs) {
      const startedAt = performance.now();
      const endedWith = await process.trackAndEnd(made(count), { sizeBytes: typicalBytes, end, afterMs });
      const tookMs = performance.now() - startedAt;
      if (end !== 'nothing left to do') return;
      note(`ended after ${(tookMs / 1_000).toFixed(1)} s${endedWith === '0' ? '' : ` with ${endedWith}`}`);
    },
    names: (resolve) => tell(process.obey({ act: 'names', resolve })),
    clock: (aheadMs) => tell(process.obey({ act: 'clock', aheadMs })),
    async shutdown() {
      if (process.isRunning()) await tell(process.obey({ act: 'shutdown' }));
    },
    arrival(patienceMs) {
      let looked = 0;
      const missing = new Set(sent);
      return until(() => {
        for (; looked < front.sightings.length; looked++) {
          const sighting = front.sightings[looked];
          if (sighting?.isTaken === true) missing.delete(sighting.id);
        }
        return missing.size <= refused;
      }, patienceMs);
    },
    nextRequest(patienceMs = 20_000) {
      const before = front.statuses.length;
      return until(() => front.statuses.length > before, patienceMs);
    },
    note,
  };
}
