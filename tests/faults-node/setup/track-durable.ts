import { join } from 'node:path';
import { sqliteOutbox } from '@org/track-node';
import type { CreateServerClient } from '../client.ts';
import { trackClient } from './track.ts';

export const create: CreateServerClient = (surroundings) =>
  trackClient(surroundings, { outbox: sqliteOutbox(join(surroundings.folder, 'outbox.db')) });
