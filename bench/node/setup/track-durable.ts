import { join } from 'node:path';
import { sqliteOutbox } from '@org/track-node';
import type { CreateServerClient } from '../../../tests/faults-node/client.ts';
import { maxQueued, trackerFor } from './track.ts';

export const create: CreateServerClient = ({ origin, folder }) =>
  trackerFor(origin, { outbox: sqliteOutbox(join(folder, 'outbox.db'), { maxEvents: maxQueued }) });
