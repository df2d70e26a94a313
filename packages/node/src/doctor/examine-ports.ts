import { createServer } from 'node:net';
import type { TrackConfig } from '../config/track-config.ts';
import { listenReasons, serverAddresses } from '../server/create-track-server.ts';
import { type Finding, findingsAbout } from './finding.ts';

/** Could a server listen where the config says? */
export async function examinePorts(config: TrackConfig): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [option, { host, port }] of Object.entries(serverAddresses(config))) {
    const { ok, fail } = findingsAbout(option);
    const problem = await tryPort(host, port);
    if (problem === undefined) findings.push(ok(`${host}:${port} is free.`));
    else findings.push(fail(`${host}:${port} cannot be listened on: ${problem}`, `Choose another ${option}.port.`));
  }
  return findings;
}

function tryPort(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => resolve(listenReasons[code ?? ''] ?? message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}
