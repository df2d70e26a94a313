import type { NextConfig } from 'next';

const config: NextConfig = {
  distDir: 'dist',
  // They use Node's own modules and a native one: Node loads them, nothing is bundled.
  serverExternalPackages: ['@org/track-node', '@duckdb/node-api'],
};

export default config;
