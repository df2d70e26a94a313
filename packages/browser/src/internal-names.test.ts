/// <reference types="node" />
import { join } from 'node:path';
import 'fake-indexeddb/auto';
import { deviceCookieName, type Plugin } from '@org/track-core';
import ts from 'typescript';
import { afterEach, expect, test, vi } from 'vitest';
import { internalNames } from '../internal-names.ts';
import { type BrowserTrackerOptions, createTracker } from './create-browser-tracker.ts';
import type { WorkerTrackerOptions } from './create-worker-tracker.ts';
import { readVisitor, type Visitor } from './identity/read-visitor.ts';
import { rootDomain } from './identity/root-domain.ts';
import { type RateLimitOptions, rateLimit } from './plugin/rate-limit.ts';
import { type SamplingOptions, sampling } from './plugin/sampling.ts';
import { type SequenceOptions, sequence } from './plugin/sequence.ts';
import { beacon } from './transport/beacon.ts';
import { compressed } from './transport/compressed.ts';
import { deferred } from './transport/deferred.ts';
import { type DeliveryStateOptions, deliveryState } from './transport/delivery-state.ts';

/** Where the packages are. */
const sources = (path: string): string => join(import.meta.dirname, '../..', path);
const core = sources('core/src/index.ts');

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Names of all properties in `value`, at any depth. */
function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesIn(inner)]);
}

/** What the browser's database holds. */
function storedEntries(name: string): Promise<unknown> {
  return new Promise((resolve) => {
    const opening = indexedDB.open(name);
    opening.onsuccess = () => {
      const reading = opening.result.transaction('e').objectStore('e').getAll();
      reading.onsuccess = () => resolve(reading.result);
    };
  });
}

test('no name is said twice', () => {
  expect(internalNames).toEqual([...new Set(internalNames)]);
});

test('each use of one means a property that is declared here, and none of the platform’s', { timeout: 30_000 }, () => {
  const entries = ['index', 'worker', 'react', 'overlay'].map((entry) => sources(`browser/src/${entry}.ts`));
  const program = ts.createProgram([core, ...entries], {
    ...{ strict: true, noEmit: true, allowImportingTsExtensions: true, skipLibCheck: true, types: [] },
    ...{ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.Preserve, paths: { '@org/track-core': [core] } },
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  });
  const checker = program.getTypeChecker();
  const isOurs = (node: ts.Node): boolean => node.getSourceFile().fileName.startsWith(sources(''));
  const used = new Set<string>();
  const platform = new Set<string>();
  const foreign: string[] = [];

  /** Where the property that `name` names here was declared. */
  function declared(name: ts.Identifier): readonly ts.Node[] | undefined {
    const whole = name.parent.parent;
    let type: ts.Type | undefined;
    if (ts.isObjectBindingPattern(whole)) type = checker.getTypeAtLocation(whole);
    else if (ts.isObjectLiteralExpression(whole)) type = checker.getContextualType(whole);
    else return checker.getSymbolAtLocation(name)?.declarations;
    // Nobody says what the literal is for: let it be for the platform, if that has such a name.
    if (!type) return platform.has(name.text) ? undefined : [name];
    const types = type.isUnion() ? type.types : [type];
    return types.flatMap((one) => checker.getPropertyOfType(one, name.text)?.declarations ?? []);
  }

  /** Whether `name` names a property, rather than a variable. */
  function isProperty(name: ts.Identifier): boolean {
    const { parent } = name;
    if (ts.isBindingElement(parent))
      return ts.isObjectBindingPattern(parent.parent) && (parent.propertyName ?? parent.name) === name;
    if (ts.isSpreadAssignment(parent)) return false;
    const hasName = ts.isPropertyAccessExpression(parent) || ts.isObjectLiteralElement(parent);
    return hasName && parent.name === name;
  }

  function visit(node: ts.Node): void {
    if (!isOurs(node)) {
      if (ts.isTypeElement(node) && node.name) platform.add(node.name.getText());
    } else if (ts.isIdentifier(node) && internalNames.includes(node.text) && isProperty(node)) {
      used.add(node.text);
      const places = declared(node) ?? [];
      if (!places[0] || !places.every(isOurs))
        foreign.push(`${node.getSourceFile().fileName}: ${node.parent.getText()}`);
    }
    ts.forEachChild(node, visit);
  }
  program.getSourceFiles().map(visit);

  expect(platform.size).toBeGreaterThan(1_000);
  expect(foreign).toEqual([]);
  expect(internalNames.filter((name) => !used.has(name))).toEqual([]);
});

test('none is seen from outside: in the API, on the wire, in the cookie or in the database', async () => {
  const bodies: string[] = [];
  vi.stubGlobal('fetch', async (_: string, { body }: { body: string }) => {
    bodies.push(body);
    return { status: 200, ok: true, headers: new Headers(), text: async () => '{"success":true}' };
  });
  vi.stubGlobal('fetchLater', (_: string, { body }: { body: string }) => {
    bodies.push(body);
    return { activated: false };
  });
  vi.stubGlobal('requestIdleCallback', (task: () => void) => task());
  vi.stubGlobal('CompressionStream', undefined); // so that all bodies can be read
  const plugin: Required<Omit<Plugin, typeof Symbol.hasInstance>> = {
    name: 'seen',
    setup: () => () => {},
    process: (event) => event,
  };
  const diagnostics: unknown[] = [];
  const stateOptions: Required<DeliveryStateOptions> = { onChange: () => {} };
  const state = deliveryState(stateOptions);
  // Each option there is: leaving one out is a mistake of types.
  const ofPlugins: Required<SamplingOptions & RateLimitOptions & SequenceOptions> = {
    ...{ share: 1, keep: () => false, perSecond: 1_000, burst: 1_000, name: 'shop' },
  };
  const ofWorkers: Required<Pick<WorkerTrackerOptions, keyof Visitor>> = {
    ...{ anonymousId: 'a1', userId: 'u1', sessionId: 's1' },
    consent: { model: 'opt-in', initial: { analytics: true }, decidedAt: 1 },
  };
  const options: Required<BrowserTrackerOptions> = {
    endpoint: '/api/j',
    writeKey: 'shop',
    capture: [plugin],
    plugins: [plugin, sampling(ofPlugins), rateLimit(ofPlugins), sequence(ofPlugins)],
    delivery: [beacon(), deferred(), compressed(), state],
    storage: rootDomain(),
    consent: { model: 'opt-in', initial: { functional: true, analytics: true, advertising: false } },
    purposeOf: () => 'analytics',
    queue: { maxEvents: 100, maxBytes: 40_000, maxWaitMs: 5_000, concurrency: 1, timeoutMs: 5_000 },
    session: { idleMs: 60_000, maxMs: 600_000 },
    onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
  };
  const tracker = createTracker(options);
  tracker.consent.set({ analytics: true, advertising: true });
  tracker.track('');
  const call = {
    userId: 'u1',
    anonymousId: 'a1',
    timestamp: new Date(0),
    integrations: {},
    purpose: 'analytics',
  } as const;
  const receipt = tracker.track('Seen', {}, { ...call, messageId: 'm1', context: {} });
  tracker.page('Home');
  tracker.identify('u1', {});
  tracker.group('g1', {});
  tracker.alias('u2');
  await receipt.durable;
  await expect.poll(() => bodies[0]).toContain('deferredAt');
  const stored = await storedEntries('jn:/api/j:shop');
  const cookie = decodeURIComponent(document.cookie.split(`${deviceCookieName}=1`)[1] ?? '');
  const visitor = await readVisitor();
  const stats = await tracker.shutdown();

  const seen = [
    { ...tracker, ...call, deadlineMs: 1 },
    { queued: true, durable: true, messageId: '', delivered: await receipt.delivered, reason: '' },
    tracker.consent.get(),
    { ...state, ...stateOptions },
    ...[
      { ...options, storage: 'ours alone' },
      ofPlugins,
      ofWorkers,
      visitor,
      sessionStorage.getItem('jn:stream:shop'),
      stats,
      diagnostics,
      stored,
      JSON.parse(cookie),
      bodies.map((body) => JSON.parse(body)),
    ],
  ].flatMap(namesIn);
  const known = [
    'track',
    'onChange',
    'delivered',
    'accepted',
    'categoryPreferences',
    'batch',
    'sentAt',
    'deferredAt',
    'queuedAt',
    'code',
  ];
  expect(seen).toEqual(expect.arrayContaining(known));
  expect(internalNames.filter((name) => seen.includes(name))).toEqual([]);
});
