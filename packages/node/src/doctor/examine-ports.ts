import { createServer, type Server } from 'node:net';
import type { TrackConfig } from '../config/track-config.ts';
import { listenReasons, serverAddresses } from '../server/create-track-server.ts';
import { type Finding, findingsAbout } from './finding.ts';

/** Could a server listen where the config says? Both ports are held until both were tried: they may be the same. */
export async function examinePorts(config: TrackConfig): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const held: Server[] = [];
  for (const [option, { host, port }] of Object.entries(serverAddresses(config))) {
    const { ok, fail } = findingsAbout(option);
    const tried = await tryPort(host, port);
    if (typeof tried === 'string') {
      findings.push(fail(`${host}:${port} cannot be listened on: ${tried}`, `Choose another ${option}.port.`));
    } else {
      held.push(tried);
      findings.push(ok(`${host}:${port} is free.`));
    }
  }
  await Promise.all(held.map((server) => new Promise((closed) => server.close(closed))));
  return findings;
}

/** What listens there now, or why nothing can. */
function tryPort(host: string, port: number): Promise<Server | string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => resolve(listenReasons[code ?? ''] ?? message));
    server.listen(port, host, () => resolve(server));
  });
}
