declare module '@20minutes/s3rver' {
  import type { RequestListener } from 'node:http';

  /** A server that speaks S3 and checks signatures: a Koa application. */
  // biome-ignore lint/style/noDefaultExport: it is what the package has
  export default class S3rver {
    constructor(options: { readonly directory: string; readonly silent: boolean });
    readonly store: {
      putBucket(bucket: string): Promise<void>;
      existsObject(bucket: string, key: string): Promise<boolean>;
      getMetadata(bucket: string, key: string): Promise<{ readonly etag: string }>;
    };
    callback(): RequestListener;
  }
}
