// A modern ClickHouse behind the part of its HTTP interface that the destination uses. The engine is real; what stands
// before it are credentials, settings and codes of errors. Prints its port, and ends with its standard input.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { Session } from 'chdb';

const credentials = `Basic ${Buffer.from('default:not-asked-for-nothing').toString('base64')}`;
const folder = mkdtempSync(join(tmpdir(), 'chdb-'));
const session = new Session(folder);

/** What is said of a request and not of a statement. */
const ofRequests = ['query', 'query_id', 'database', 'default_format', 'wait_end_of_query'];

/** @param {string} value */
const quoted = (value) => `'${value.replace(/[\\']/g, '\\$&')}'`;

/**
 * @param {URLSearchParams} params
 * @param {string} body
 */
function answer(params, body) {
  const settings = [...params].filter(([name]) => !ofRequests.includes(name));
  const database = params.get('database') || 'default';
  const query = params.get('query');
  const assigned = settings.map(([name, value]) => `${name} = ${quoted(value)}`).join(', ');
  session.query(`USE \`${database.replace(/[\\`]/g, '\\$&')}\``);
  if (query !== null) {
    const withSettings = query.replace(/ FORMAT \w+$/, ` SETTINGS ${assigned}$&`);
    return session.query(`${assigned === '' ? query : withSettings}\n${body}`);
  }
  if (assigned !== '') session.query(`SET ${assigned}`);
  try {
    return session.query(body, params.get('default_format') ?? 'TabSeparated');
  } finally {
    const defaults = settings.filter(([name]) => !name.startsWith('param_')).map(([name]) => `${name} = DEFAULT`);
    if (defaults.length > 0) session.query(`SET ${defaults.join(', ')}`);
  }
}

const server = createServer(async (request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const isPacked = request.headers['content-encoding'] === 'gzip';
  const body = await text(isPacked ? request.pipe(createGunzip()) : request);
  try {
    if (request.headers.authorization !== credentials) {
      throw new Error('Code: 516. DB::Exception: default: Authentication failed. (AUTHENTICATION_FAILED)');
    }
    response.end(answer(searchParams, body));
  } catch (error) {
    const words = /** @type {Error} */ (error).message.replace(/^.*?(?=Code: )/s, '');
    const code = /^Code: (\d+)/.exec(words)?.[1] ?? '1002';
    response.writeHead(500, { 'x-clickhouse-exception-code': code });
    response.end(`${words}\n`);
  }
});
server.listen(0, '127.0.0.1', () => console.log(/** @type {import('node:net').AddressInfo} */ (server.address()).port));
process.stdin.resume().on('end', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
