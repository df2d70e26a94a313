import { createServer } from 'node:net';

/** From here on systems give ports to whoever connects, or asks for any. */
const firstEphemeralPort = 32_768;
const howMany = 12_000;

/**
 * A port of this machine that nobody has at the moment, and that nobody is given by chance later: who listens there may end
 * and come back.
 *
 * @returns {Promise<number>}
 */
export async function freePort() {
  for (;;) {
    const port = firstEphemeralPort - 1 - Math.floor(Math.random() * howMany);
    if (await isFree(port)) return port;
  }
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
