import type { ErasePerson } from '@org/track-core';
import { columns } from './event-row.ts';
import { storedId } from './parked-event.ts';

/** Where a table is. */
export interface TablePlace {
  readonly project: string;
  readonly dataset: string;
  readonly table: string;
}

const types = { VARCHAR: 'STRING', TIMESTAMPTZ: 'TIMESTAMP', JSON: 'JSON' } as const;

/** Without these an event has no row. */
const required: ReadonlySet<string> = new Set(['message_id', 'type', 'timestamp', 'received_at', 'source']);

/** The name of the view that shows each event once. */
const viewOf = (table: string): string => `${table}_once`;

/** What is created where there is no table: https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#Table */
export function tableResource({ project, dataset, table }: TablePlace): object {
  return {
    tableReference: { projectId: project, datasetId: dataset, tableId: table },
    schema: {
      fields: columns.map(({ name, type }) => ({
        name,
        type: types[type],
        mode: required.has(name) ? 'REQUIRED' : 'NULLABLE',
      })),
    },
    timePartitioning: { type: 'DAY', field: 'timestamp' },
    clustering: { fields: ['event', 'user_id'] },
  };
}

/**
 * Copies of an event have the same `timestamp`, which the log keeps: with it among what tells events apart, a condition
 * on `timestamp` reads only the partitions of those days.
 */
export function viewResource(place: TablePlace): object {
  const query = `SELECT * FROM ${nameOf(place)}
WHERE TRUE
QUALIFY row_number() OVER (PARTITION BY message_id, timestamp ORDER BY received_at) = 1`;
  return {
    tableReference: { projectId: place.project, datasetId: place.dataset, tableId: viewOf(place.table) },
    view: { query, useLegacySql: false },
  };
}

/**
 * Deletes what is about a person, by the rule of the log (log/person.ts). One statement: the devices are read from what
 * it deletes.
 */
export function erasureQuery(place: TablePlace, person: ErasePerson): object {
  const userId = storedId(person.userId) ?? undefined;
  const anonymousId = storedId(person.anonymousId) ?? undefined;
  const name = nameOf(place);
  const known = [
    ...(anonymousId === undefined
      ? []
      : [
          'SELECT @device AS device',
          `SELECT anonymous_id AS device FROM ${name} WHERE anonymous_id IS NOT NULL AND JSON_VALUE(context, '$.identity.browserId') = @device`,
        ]),
    ...(userId === undefined
      ? []
      : [
          `SELECT anonymous_id AS device FROM ${name} WHERE anonymous_id IS NOT NULL AND user_id IS NOT NULL AND (user_id = @user OR previous_id = @user)`,
        ]),
  ];
  const devices = `(SELECT device FROM (${known.join(' UNION ALL ')}))`;
  const nobody = userId === undefined ? '' : 'user_id IS NULL AND ';
  const conditions = [
    ...(userId === undefined ? [] : ['user_id = @user', 'previous_id = @user']),
    `previous_id IN ${devices}`,
    `(${nobody}anonymous_id IN ${devices})`,
  ];
  const text = (parameter: string, value: string | undefined): readonly object[] =>
    value === undefined ? [] : [{ name: parameter, parameterType: { type: 'STRING' }, parameterValue: { value } }];
  return {
    query: `DELETE FROM ${name} WHERE ${conditions.join(' OR ')}`,
    useLegacySql: false,
    parameterMode: 'NAMED',
    queryParameters: [...text('user', userId), ...text('device', anonymousId)],
  };
}

/** Names were checked at set-up: none has a backtick. */
const nameOf = ({ project, dataset, table }: TablePlace): string => `\`${project}.${dataset}.${table}\``;
