import { startProcessGroup } from './process-group.ts';

/** A screen nobody sees, for browsers that need one. */
export interface Screen {
  /** Its name, as in `DISPLAY`. */
  readonly display: string;
  close(): Promise<void>;
}

export async function createScreen(): Promise<Screen> {
  const server = startProcessGroup('Xvfb', ['-displayfd', '2', '-screen', '0', '1280x800x24', '-nolisten', 'tcp']);
  return { display: `:${await server.says(/^(\d+)$/)}`, close: () => server.end('SIGTERM') };
}
