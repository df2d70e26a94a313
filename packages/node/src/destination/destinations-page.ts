import type { DestinationDefinition, DestinationOptions } from './define-destination.ts';
import type { Source } from './mapping.ts';
import type { Setting } from './settings.ts';

/** What the page says of a destination. */
export interface ListedDestination {
  /** Its import: `@org/track-node/ga4`. */
  readonly entry: string;
  /** What is imported from there. */
  readonly factory: string;
  readonly definition: DestinationDefinition<DestinationOptions>;
}

const hourMs = 3_600_000;

/** docs/destinations.md, made of the destinations themselves. */
export function destinationsPage(listed: readonly ListedDestination[]): string {
  return [
    '# Destinations',
    '',
    'Made of the destinations themselves: a test fails when this page says something else. [Write your own](guides/write-a-destination.md).',
    '',
    table(
      ['Destination', 'Import', 'Consent', 'At once', 'Oldest event', 'An event twice', 'Leaves as it is'],
      listed.map(({ entry, factory, definition }) => [
        `[${definition.title}](#${definition.name})`,
        `\`${factory}\` from \`${entry}\``,
        consentOf(definition),
        limitsOf(definition),
        durationOf(definition.maxAgeMs),
        `${definition.idempotency}: ${definition.deduplication}`,
        definition.sends.length === 0 ? 'nothing of a person' : definition.sends.join(', '),
      ]),
    ),
    '',
    'Every event needs consent for its own purpose besides. All of them take `name`, `requires` (more consent), `accepts` (a filter), `mapping` (other words), `limits`, `maxAgeMs`, `resendsUnconfirmed` and `endpoint` too.',
    '',
    'Warehouses are destinations too: [DuckDB, Postgres, ClickHouse and BigQuery](guides/ask-the-warehouse.md), and [files](guides/keep-events-in-files.md) in a folder or in S3.',
    '',
    ...listed.flatMap(section),
  ].join('\n');
}

function section({ entry, factory, definition }: ListedDestination): readonly string[] {
  const { name, title, docs, settings, mapping, notes = [] } = definition;
  const required = Object.entries<Setting>(settings).filter(([, { isRequired }]) => isRequired === true);
  const parts: readonly (readonly [string, string, readonly (readonly string[])[]])[] = [
    [
      'Event',
      'There',
      Object.entries(mapping.events).map(([event, there]) => [event, there === null ? 'not sent' : code(there)]),
    ],
    ['Field there', 'From', Object.entries(mapping.fields).map(([field, source]) => [code(field), sourceOf(source)])],
    [
      'Of each product',
      'From',
      Object.entries(mapping.products).map(([field, source]) => [code(field), sourceOf(source)]),
    ],
  ];
  return [
    `<a id="${name}"></a>`,
    '',
    `## ${title}`,
    '',
    `\`import { ${factory} } from '${entry}'\`, then \`${factory}({ ${required.map(([option]) => option).join(', ')} })\`. [Its documentation](${docs}).`,
    '',
    table(
      ['Setting', '', 'Default', 'What it is'],
      Object.entries<Setting>(settings).map(([option, setting]) => [
        code(option),
        setting.kind === 'secret' ? 'secret' : kindOf(setting),
        setting.isRequired === true ? 'required' : (setting.standard ?? 'none'),
        setting.text,
      ]),
    ),
    '',
    ...notes.flatMap((note) => [note, '']),
    ...parts.flatMap(([left, right, rows]) => (rows.length === 0 ? [] : [table([left, right], rows), ''])),
  ];
}

function kindOf({ kind, choices }: Setting): string {
  return choices === undefined ? kind : choices.map(code).join(' or ');
}

function consentOf({ requires, withheld = {} }: DestinationDefinition<DestinationOptions>): string {
  const whole = requires.length === 0 ? 'none of its own' : requires.join(', ');
  const fields = Object.entries(withheld).map(([category, paths = []]) => `${paths.map(code).join(', ')}: ${category}`);
  return [whole, ...fields].join('; ');
}

function limitsOf({ limits: { maxEvents, maxBytes } }: DestinationDefinition<DestinationOptions>): string {
  const events =
    maxEvents === undefined ? [] : [maxEvents === 1 ? '1 event' : `${maxEvents.toLocaleString('en')} events`];
  const bytes = maxBytes === undefined ? [] : [`${Math.floor(maxBytes / 1_000).toLocaleString('en')} kB`];
  return [...events, ...bytes].join(', ');
}

function durationOf(ms: number | undefined): string {
  if (ms === undefined) return 'any';
  const hours = ms / hourMs;
  return hours > 72 ? `${hours / 24} days` : `${hours} hours`;
}

function sourceOf(source: Source): string {
  return typeof source === 'string' ? code(source) : source.map(code).join(', else ');
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
