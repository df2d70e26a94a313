import { cpSync, existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import S3rver from '@20minutes/s3rver';

export interface S3TestServer {
  readonly url: string;
  /** Methods and paths, in order. */
  readonly requests: string[];
  /** Whether it knows conditions; Amazon's does, some others answer 501. Default `true`. */
  knowsConditions: boolean;
  /** Happens before a request is looked at. */
  before: ((request: string) => Promise<void> | void) | undefined;
  keys(bucket: string): readonly string[];
  /** All objects of a bucket, as files of a folder. */
  copyTo(bucket: string, folder: string): void;
  close(): Promise<void>;
}

const suffix = '._S3rver_object';

/**
 * A server that speaks S3, keeps objects in a folder and refuses wrong signatures; what it lacks are conditional writes.
 *
 * @param folder - one of its own
 */
export async function startS3(folder: string, buckets: readonly string[]): Promise<S3TestServer> {
  const s3 = new S3rver({ directory: folder, silent: true });
  for (const bucket of buckets) await s3.store.putBucket(bucket);
  const handle = s3.callback();

  /** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
  async function isMet(path: string, headers: Readonly<Record<string, unknown>>): Promise<boolean> {
    const [, bucket = '', ...key] = decodeURIComponent(path).split('/');
    const exists = await s3.store.existsObject(bucket, key.join('/')).catch(() => false);
    if (headers['if-none-match'] === '*') return !exists;
    if (headers['if-match'] === undefined) return true;
    return exists && (await s3.store.getMetadata(bucket, key.join('/'))).etag === headers['if-match'];
  }

  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    const asked = `${method} ${url}`;
    running.requests.push(asked);
    const answer = async (): Promise<void> => {
      await running.before?.(asked);
      const isAsked = method === 'PUT' && ('if-none-match' in headers || 'if-match' in headers);
      if (isAsked && !running.knowsConditions) {
        response.writeHead(501).end('<Error><Code>NotImplemented</Code></Error>');
      } else if (isAsked && !(await isMet(url, headers))) {
        response.writeHead(412).end('<Error><Code>PreconditionFailed</Code></Error>');
      } else handle(request, response);
    };
    // A connection that breaks, where `before` throws.
    void answer().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const objectsIn = (bucket: string): readonly string[] =>
    existsSync(join(folder, bucket))
      ? readdirSync(join(folder, bucket), { recursive: true })
          .map(String)
          .filter((file) => file.endsWith(suffix))
      : [];
  const running: S3TestServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    knowsConditions: true,
    before: undefined,
    keys: (bucket) =>
      objectsIn(bucket)
        .map((file) => file.slice(0, -suffix.length))
        .sort(),
    copyTo(bucket, target) {
      for (const file of objectsIn(bucket)) {
        cpSync(join(folder, bucket, file), join(target, file.slice(0, -suffix.length)));
      }
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return running;
}
