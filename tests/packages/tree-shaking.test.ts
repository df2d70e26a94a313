import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

async function bundled(code: string): Promise<string> {
  const resolveDir = fileURLToPath(new URL('.', import.meta.url));
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir },
    bundle: true,
    format: 'esm',
    minify: true,
    external: ['react'],
    logLevel: 'error', // it warns that imports without effects are left out: that is what we want
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

const core = Object.keys(await import('@org/track-core'));

test('an import that uses nothing costs nothing', async () => {
  expect(await bundled("import '@org/track-core'; import '@org/track-browser';")).toBe('');
  expect(await bundled("import '@org/track-browser/worker';")).toBe('');
});

test.each([
  { plugin: 'clicks', own: /data-track/ },
  { plugin: 'autocapture', own: /Element Clicked/ },
  { plugin: 'rageClicks', own: /Rage Clicked/ },
  { plugin: 'deadClicks', own: /Dead Clicked/ },
  { plugin: 'outboundLinks', own: /Outbound Link Clicked/ },
  { plugin: 'downloads', own: /File Downloaded/ },
  { plugin: 'engagement', own: /timeupdate/ },
  { plugin: 'scrollDepth', own: /IntersectionObserver/ },
])('a page pays for the capture plugins it uses, and for no other: $plugin', async ({ plugin, own }) => {
  const use = (plugins: string): string => `import { ${plugins} } from '@org/track-browser'; console.log(${plugins});`;
  expect(await bundled(use(`pageViews, ${plugin}`))).toMatch(own);
  expect(await bundled(use('pageViews'))).not.toMatch(own);
});

test('measures of a page view know nothing of each other', async () => {
  const use = (plugin: string): string => `export { ${plugin} } from '@org/track-browser';`;
  expect(await bundled(use('engagement'))).not.toMatch(/IntersectionObserver/);
  expect(await bundled(use('scrollDepth'))).not.toMatch(/timeupdate/);
});

test('what is for React brings no second tracker', async () => {
  const hooks = "export * from '@org/track-browser/react';";
  const main = "export * from '@org/track-browser';";
  const tracker = /createObjectStore/g;
  expect(await bundled(hooks)).not.toMatch(tracker);
  expect((await bundled(`${main}${hooks}`)).match(tracker)).toEqual((await bundled(main)).match(tracker));
});

test('of React’s entry too, a page pays for what it uses', async () => {
  expect(await bundled("import '@org/track-browser/react';")).toBe('');
  const use = (name: string): string => `export { ${name} } from '@org/track-browser/react';`;
  expect(await bundled(use('useTrack'))).not.toContain('IntersectionObserver');
  expect(await bundled(use('Impression'))).toContain('IntersectionObserver');
});

test('the library for web vitals comes along only with what measures them', async () => {
  const library = /layout-shift/;
  const use = (name: string): string => `import { ${name} } from '@org/track-browser'; console.log(${name});`;
  expect(await bundled(use('webVitals'))).toMatch(library);
  expect(await bundled(use('createTracker'))).not.toMatch(library);
});

test('core can be taken in parts', async () => {
  const all = await bundled(`export { ${core.join(', ')} } from '@org/track-core';`);
  const one = await bundled("export { definePlan } from '@org/track-core';");
  expect(one.length).toBeLessThan(all.length / 50);
});
