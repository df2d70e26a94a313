#!/usr/bin/env node
import { Command, InvalidArgumentError } from 'commander';
import { version } from '../version.ts';
import { type ServeOptions, serve } from './serve.ts';

const program = new Command('track')
  .description('Runs a tracking server, and looks after its log.')
  .version(version)
  .showHelpAfterError();

program
  .command('serve')
  .description('Take events, keep them, deliver them. Stops with SIGTERM or Ctrl-C, without losing any.')
  .option('-c, --config <file>', 'the config; default track.config.ts, .mts, .js or .mjs here')
  .option('-p, --port <port>', 'in place of server.port', portOf)
  .option('--host <host>', 'in place of server.host')
  .action((options: ServeOptions) => serve(options));

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a port, 0 to 65535.');
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`track: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
