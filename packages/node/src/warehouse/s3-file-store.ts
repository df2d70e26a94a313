import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createDraftFolder } from './draft-folder.ts';
import { type FileStore, StoreError } from './file-store.ts';
import { keysIn, outcomeOfAnswer } from './s3-answers.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface S3Options {
  /** Where what is not Amazon's speaks S3: MinIO, R2, Garage … */
  readonly endpoint?: string;
  /** Default `AWS_REGION`, else `AWS_DEFAULT_REGION`, else `us-east-1`. */
  readonly region?: string;
  /** Names the bucket in the path and not in the host. Default: with an `endpoint`, or where the bucket's name has a dot. */
  readonly isPathStyle?: boolean;
  /**
   * Default what `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` say. A function is asked before every
   * request, so that those that end can be renewed: `fromNodeProviderChain()` of `@aws-sdk/credential-providers` is one.
   */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>);
}

interface S3Request {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

const urlPattern = /^s3:\/\/([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:\/(.*))?$/;

/** How often a file is looked at again because somebody changed it meanwhile. */
const maxLooks = 3;

export const isS3Url = (to: string): boolean => urlPattern.test(to);

/** Objects in a bucket. An object is there whole or not at all, as S3 makes them. */
export function s3FileStore(to: string, options: S3Options = {}): FileStore {
  const [, bucket = '', path = ''] = urlPattern.exec(to) ?? [];
  const prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const { endpoint, region = AWS_REGION ?? AWS_DEFAULT_REGION ?? 'us-east-1' } = options;
  const isPathStyle = options.isPathStyle ?? (endpoint !== undefined || bucket.includes('.'));
  const base = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  if (!isPathStyle) base.hostname = `${bucket}.${base.hostname}`;
  const root = `${base.href.replace(/\/+$/, '')}${isPathStyle ? `/${bucket}` : ''}`;
  const drafts = createDraftFolder();
  /** Not every store that speaks S3 knows conditions. */
  let isConditional = true;

  /** Asks for one thing and follows no redirect. Rejects with `StoreError` unless it is done, or a condition was not met. */
  async function ask({ method, key, query, headers, body }: S3Request, signal: AbortSignal): Promise<Response> {
    const url = new URL([root, ...(key === '' ? [] : key.split('/').map(encodeURIComponent))].join('/'));
    // As it is signed: `URLSearchParams` would write a space as a plus.
    url.search = Object.entries(query ?? {})
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&');
    const { AwsV4Signer } = await loaded();
    const hash = createHash('sha256').update(body ?? '');
    const signed = await new AwsV4Signer({
      ...(await credentialsOf(options)),
      service: 's3',
      region,
      method,
      url: url.href,
      headers: { ...headers, 'x-amz-content-sha256': hash.digest('hex') },
    }).sign();
    const response = await fetch(signed.url, {
      method,
      headers: signed.headers,
      redirect: 'manual',
      signal,
      ...(body === undefined ? {} : { body }),
    });
    if (response.ok || [404, 409, 412].includes(response.status)) return response;
    throw await refusalOf(response);
  }

  /** @returns whether it was put there: not if the condition is not met */
  async function putIf(condition: Readonly<Record<string, string>>, name: string, draft: string, signal: AbortSignal) {
    const body = await readFile(draft);
    const request: S3Request = { method: 'PUT', key: prefix + name, body };
    if (isConditional) {
      const response = await ask({ ...request, headers: condition }, signal).catch((error: unknown) => {
        if (!(error instanceof StoreError && error.message.startsWith('http-501'))) throw error;
        isConditional = false;
      });
      if (response?.ok) return true;
      if (response?.status === 412) return false;
      // Somebody writes the same at this very moment.
      if (response?.status === 409) throw new StoreError({ kind: 'retry', reason: 'http-409' });
      if (response !== undefined) throw await refusalOf(response);
    }
    const response = await ask(request, signal);
    if (!response.ok) throw await refusalOf(response);
    return true;
  }

  async function download(name: string, target: string, signal: AbortSignal): Promise<string | undefined> {
    const response = await ask({ method: 'GET', key: prefix + name }, signal);
    if (response.status === 404) return undefined;
    if (!response.ok || response.body === null) throw await refusalOf(response);
    await pipeline(Readable.fromWeb(response.body), createWriteStream(target), { signal });
    return response.headers.get('etag') ?? '';
  }

  async function draft(): Promise<string> {
    return join(await drafts.path(), randomUUID());
  }

  async function discard(path: string): Promise<void> {
    await rm(path, { force: true }).catch(() => {});
  }

  return {
    async open() {
      await loaded();
      await drafts.sweep();
    },
    draft,
    async put(name, path, signal) {
      // Its name says what is in it: what is there is the same. And one that comes late brings nobody back who was erased.
      await putIf({ 'if-none-match': '*' }, name, path, signal);
    },
    async *list(signal) {
      let token: string | undefined;
      do {
        const query = {
          'list-type': '2',
          'encoding-type': 'url',
          prefix,
          ...(token === undefined ? {} : { 'continuation-token': token }),
        };
        const response = await ask({ method: 'GET', key: '', query }, signal);
        if (!response.ok) throw await refusalOf(response);
        const page = keysIn(await response.text());
        for (const key of page.keys) yield key.slice(prefix.length);
        token = page.next;
      } while (token !== undefined);
    },
    async rewrite(name, look, signal) {
      for (let looks = 0; looks < maxLooks; looks++) {
        const copy = await draft();
        try {
          const etag = await download(name, copy, signal);
          if (etag === undefined) return false;
          const result = await look(copy);
          if (result.kind === 'unchanged') return false;
          if (result.kind === 'changed') {
            if (await putIf({ 'if-match': etag }, name, result.draft, signal)) return true;
            continue;
          }
          const deleted = await ask({ method: 'DELETE', key: prefix + name }, signal);
          if (!deleted.ok && deleted.status !== 404) throw await refusalOf(deleted);
          return true;
        } finally {
          await discard(copy);
        }
      }
      throw new Error(`${name} is changed all the time`);
    },
    discard,
    close: drafts.remove,
  };
}

async function refusalOf(response: Response): Promise<StoreError> {
  return new StoreError(outcomeOfAnswer(response, await response.text().catch(() => '')));
}

async function credentialsOf({ credentials }: S3Options): Promise<S3Credentials> {
  if (typeof credentials === 'function') return credentials();
  if (credentials !== undefined) return credentials;
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) throw new StoreError({ kind: 'config', reason: 'no-credentials' });
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
  };
}

async function loaded(): Promise<typeof import('aws4fetch')> {
  try {
    return await import('aws4fetch');
  } catch (error) {
    throw new Error('s3:// needs the package aws4fetch', { cause: error });
  }
}
