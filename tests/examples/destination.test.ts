import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const textOf = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const shown = [...textOf('docs/guides/write-a-destination.md').matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);

test.each([
  { file: 'acme.ts', place: 0 },
  { file: 'acme.test.ts', place: 1 },
])('the guide shows $file as it is tested', ({ file, place }) => {
  expect(shown[place]).toBe(textOf(`examples/destination/${file}`));
});
