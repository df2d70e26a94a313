import { isMarked, makeCopy, putInPlace, removeCopy, removeMark, setMark } from './duckdb-compact.ts';
import { type Database, type DuckDbSettings, openFile } from './duckdb-database.ts';
import { isFatal } from './duckdb-errors.ts';

/** How a file is exchanged for its copy. */
export interface Exchange {
  readonly settings: DuckDbSettings;
  readonly openAnew: () => Promise<Database>;
  readonly signal: AbortSignal;
}

/**
 * Copies the file, closes it, puts the copy in its place and opens that. Resolves with what is open then: if anything
 * fails on the way that is the file as it was, with why.
 */
export async function exchangeFile(
  open: Database,
  file: string,
  { settings, openAnew, signal }: Exchange,
): Promise<{ readonly database: Database; readonly failure?: unknown }> {
  const stop = (): void => open.writer.interrupt();
  signal.addEventListener('abort', stop);
  try {
    signal.throwIfAborted();
    await makeCopy(open.writer, file);
    signal.throwIfAborted();
    await setMark(open.writer);
    await open.writer.run('CHECKPOINT');
  } catch (failure) {
    await removeCopy(file).catch(() => {});
    if (!isFatal(failure)) return { database: open, failure };
    open.instance.closeSync();
    return { database: await openAnew(), failure };
  } finally {
    signal.removeEventListener('abort', stop);
  }
  open.writer.closeSync();
  open.instance.closeSync();
  try {
    const { instance, writer } = await openFile(file, settings);
    const close = (): void => {
      writer.closeSync();
      instance.closeSync();
    };
    if (await isMarked(writer)) {
      await removeMark(writer);
      close();
      // What they wrote from now on would be lost with the old file.
      throw new Error('somebody else in this process has the file open');
    }
    await putInPlace(file, close);
  } catch (failure) {
    return { database: await openAnew(), failure };
  }
  return { database: await openAnew() };
}
