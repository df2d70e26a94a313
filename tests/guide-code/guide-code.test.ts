import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const given = join(root, 'tests/guide-code/given.d.ts');

/** What readers have beside ours, where this repository has it. */
const installed: Record<string, string> = {
  express: 'packages/node/node_modules/@types/express',
  fastify: 'packages/node/node_modules/fastify',
  hono: 'packages/node/node_modules/hono',
  'prom-client': 'packages/node/node_modules/prom-client',
  react: 'packages/browser/node_modules/@types/react',
  'react/jsx-runtime': 'packages/browser/node_modules/@types/react/jsx-runtime',
  'next/headers': 'examples/next/node_modules/next/headers',
  'next/server': 'examples/next/node_modules/next/server',
  '@testing-library/react': 'tests/guide-code/testing-library.d.ts',
  'react-dom/client': 'packages/browser/node_modules/@types/react-dom/client',
};

const documents = ['README.md', 'packages/*/README.md', 'docs/**/*.md'].flatMap((pattern) =>
  globSync(pattern, { cwd: root }),
);

const option = /^\w+: /m;

/** The block as a file: where it is a part of something, with the rest around it. */
function fileOf(code: string): string {
  const whole = code.replace(/(?<=[{\s])…,/, '...yours,'); // `createCollector({ …, identity })`
  const lines = whole.split('\n');
  const begin = lines.findIndex((line) => line !== '' && !/^(import|\/\/) ?/.test(line));
  const [before, body] = [lines.slice(0, begin).join('\n'), lines.slice(begin).join('\n')];
  if (option.test(lines[begin] ?? '')) {
    return `${before}\nexport const options: Partial<import('@org/track-node').CollectorOptions> = {\n${body}\n};`;
  }
  return body.startsWith('return ') ? `${before}\nexport function run() {\n${body}\n}` : whole;
}

interface Block {
  readonly path: string;
  /** `docs/guides/react.md:3`, where it begins. */
  readonly place: string;
  readonly code: string;
}

function blocksOf(document: string): Block[] {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(/^```(tsx?)\n(.*?)^```/gms)].map(({ 1: language = '', 2: code = '', index }) => {
    const line = text.slice(0, index).split('\n').length;
    const [, named] = /^\/\/ ([\w.-]+\.tsx?)\b/.exec(code) ?? [];
    const [, exported] = /^export const (\w+)/m.exec(code) ?? [];
    const imported = text.includes(`'./${exported}.ts'`) ? `${exported}.ts` : undefined;
    const folder = join(root, 'tests/guide-code', document.replaceAll(/[^\w]/g, '-'));
    return {
      path: join(folder, named ?? imported ?? `line-${line}.${language}`),
      place: `${document}:${line}`,
      code: fileOf(code),
    };
  });
}

const blocks = documents.flatMap(blocksOf);
/** Files that other guides build on. */
const shared = blocks.filter(({ path }) => /(track-a-web-app-md.plan|react-md.(analytics|product))\.tsx?$/.test(path));
const files = new Map(blocks.map(({ path, code }) => [path, `${code}\nexport {};`]));
for (const path of files.keys()) {
  for (const { path: other, code } of shared) {
    const beside = join(path, '..', basename(other));
    if (!files.has(beside)) files.set(beside, code);
  }
}

// The repository has no such library: what a guide uses of it.
files.set(
  join(root, 'tests/guide-code/testing-library.d.ts'),
  `export declare const fireEvent: { click(element: Element): boolean };
   export declare const screen: { getByRole(role: string): Element };
   export declare function render(element: unknown): void;`,
);

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  jsx: ts.JsxEmit.ReactJSX,
  types: ['node'],
  ...{ strict: true, noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true, verbatimModuleSyntax: true },
  paths: Object.fromEntries(Object.entries(installed).map(([name, path]) => [name, [join(root, path)]])),
};
const host = ts.createCompilerHost(options);
const { fileExists, readFile, getSourceFile } = host;
Object.assign(host, {
  getCurrentDirectory: () => root,
  fileExists: (path: string) => files.has(path) || fileExists(path),
  readFile: (path: string) => files.get(path) ?? readFile(path),
  getSourceFile(path: string, ...rest: [ts.CreateSourceFileOptions]) {
    const code = files.get(path);
    return code === undefined ? getSourceFile(path, ...rest) : ts.createSourceFile(path, code, ...rest);
  },
  directoryExists: () => true,
});
const program = ts.createProgram([given, ...files.keys()], options, host);

test.each(documents.filter((document) => blocks.some(({ place }) => place.startsWith(`${document}:`))))(
  '%s: a reader can paste its TypeScript',
  (document) => {
    const wrong = blocks
      .filter(({ place }) => place.startsWith(`${document}:`))
      .flatMap(({ path, place }) => {
        const source = program.getSourceFile(path);
        return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
          ({ messageText, start = 0 }) => {
            const { line = 0 } = source?.getLineAndCharacterOfPosition(start) ?? {};
            return `${place} + ${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
          },
        );
      });
    expect(wrong).toEqual([]);
  },
);
