import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkConfig } from './check-config.ts';
import type { TrackConfig } from './track-config.ts';

/** What is looked for where no file is named. */
const configNames: readonly string[] = ['ts', 'mts', 'js', 'mjs'].map((ending) => `track.config.${ending}`);

export interface LoadedConfig {
  /** The file's absolute path. */
  readonly file: string;
  readonly config: TrackConfig;
}

/** A config that cannot be read or is not one: for whoever wrote it, without a stack. */
class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Imports a config and checks it. The process moves to the config's folder, so that every path in it, those that are
 * handed to destinations too, means the same wherever the command was started.
 *
 * @throws ConfigError
 */
export async function loadConfig(named: string | undefined): Promise<LoadedConfig> {
  const file = resolve(named ?? configNames.find((name) => existsSync(name)) ?? 'track.config.ts');
  if (!existsSync(file)) {
    const hint = named === undefined ? ` Looked for ${configNames.join(', ')}; name another with --config.` : '';
    throw new ConfigError(`There is no config at ${file}.${hint}`);
  }
  process.chdir(dirname(file));
  const name = basename(file);
  const { default: config } = await importConfig(file, name);
  if (config === undefined) {
    throw new ConfigError(`${name}: expected "export default defineConfig({ … })", found no default export.`);
  }
  try {
    checkConfig(name, config);
  } catch (error) {
    throw new ConfigError((error as Error).message, { cause: error });
  }
  return { file, config };
}

async function importConfig(file: string, name: string): Promise<{ readonly default?: unknown }> {
  try {
    return (await import(pathToFileURL(file).href)) as { default?: unknown };
  } catch (cause) {
    const { code, message } = cause as { code?: string; message?: string };
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.m?ts$/.test(file)) {
      const ways = 'use Node 22.18 or later, NODE_OPTIONS=--experimental-strip-types, or a .mjs file';
      throw new ConfigError(`${name}: Node ${process.versions.node} does not read TypeScript by itself: ${ways}.`, {
        cause,
      });
    }
    const says = message ?? String(cause);
    throw new ConfigError(`${name} could not be loaded: ${says}${hintAbout(says)}${placeOf(cause, name)}`, { cause });
  }
}

/** What to do about an error whose words tell only what Node met. */
function hintAbout(message: string): string {
  const [, missing] = /^Cannot find package '([^']+)'/.exec(message) ?? [];
  if (missing !== undefined) return `; npm install ${missing}`;
  // So Node reads `.ts` and `.js` where package.json says "type": "commonjs", as `npm init -y` writes it.
  if (/^Cannot use import statement outside a module|^Unexpected token 'export'/.test(message)) {
    return '; it, or a file it imports, is read as CommonJS: npm pkg set type=module';
  }
  return '';
}

/** Where in a file of the host's something went wrong: nothing else of a stack is of use to who wrote a config. */
function placeOf(cause: unknown, name: string): string {
  const places = (cause as Error).stack?.match(/file:\/\/[^\s()]+:\d+/g) ?? [];
  const place = places.find((each) => !each.includes('/node_modules/'));
  if (place !== undefined) return ` (${place.slice('file://'.length)})`;
  // Of a file that cannot be parsed Node keeps the place for itself until it ends of it.
  return cause instanceof SyntaxError ? ` (node ${name} shows where)` : '';
}
