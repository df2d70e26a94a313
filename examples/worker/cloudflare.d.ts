declare module 'cloudflare:workers' {
  export const env: { readonly TRACK_ENDPOINT: string; readonly TRACK_KEY: string };
}
