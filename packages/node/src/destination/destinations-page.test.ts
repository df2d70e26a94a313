import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { amplitude } from './amplitude.ts';
import { customerIo } from './customer-io.ts';
import { destinationsPage, type ListedDestination } from './destinations-page.ts';
import { ga4 } from './ga4.ts';
import { hubspot } from './hubspot.ts';
import { klaviyo } from './klaviyo.ts';
import { meta } from './meta.ts';
import { mixpanel } from './mixpanel.ts';
import { posthog } from './posthog.ts';
import { segment } from './segment.ts';
import type { Setting } from './settings.ts';
import { webhook } from './webhook.ts';

const factories = { webhook, ga4, meta, segment, posthog, mixpanel, amplitude, klaviyo, customerIo, hubspot };

const listed = Object.entries(factories).map(([factory, { definition }]) => ({
  factory,
  entry: `@org/track-node/${definition.name}`,
  definition,
})) as unknown as readonly ListedDestination[];

test('docs/destinations.md says what the destinations are', async () => {
  await expect(destinationsPage(listed)).toMatchFileSnapshot('../../../../docs/destinations.md');
});

test.each(listed)('$entry can be imported', ({ entry }) => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    exports: object;
  };
  expect(Object.keys(manifest.exports)).toContain(entry.replace('@org/track-node', '.'));
});

test.each(listed)(
  '$definition.name can be two in one collector, and asks for more consent but never for less',
  ({ definition }) => {
    const values = Object.entries<Setting>(definition.settings).flatMap(([option, { isRequired }]) =>
      isRequired === true ? [option] : [],
    );
    const examples: Record<string, string> = {
      url: 'https://hooks.example',
      secret: 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
      measurementId: 'G-ABC123',
      datasetId: '1',
      projectKey: 'phc_x',
      hubId: '1',
    };
    const options = Object.fromEntries(values.map((option) => [option, examples[option] ?? 'x']));
    const create = factories[
      definition.name === 'customer-io' ? 'customerIo' : (definition.name as keyof typeof factories)
    ] as (options: object) => { name: string; requires: readonly string[] };
    expect(create(options)).toMatchObject({ name: definition.name, requires: definition.requires });
    const second = create({ ...options, name: 'second', requires: ['functional'] });
    expect(second).toMatchObject({ name: 'second', requires: [...definition.requires, 'functional'] });
    expect(() => create({ ...options, mapping: { events: { a: 7 } } })).toThrow(
      `${definition.name}: mapping.events["a"]: expected a name, or null for none`,
    );
  },
);
