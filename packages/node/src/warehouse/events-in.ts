import { columns } from './event-row.ts';
import { plainPath, quoted } from './quoted.ts';

export interface EventsInOptions {
  /** What the files are. Default `parquet`. */
  readonly format?: 'parquet' | 'ndjson';
}

/**
 * A `SELECT` for DuckDB of all events that `files()` wrote there, each once: a retry, a restart or a replay may have
 * written one into two files. Its columns are those of the warehouses, and `dt` and `hour` (UTC), when the event was
 * received: a condition on `dt` reads only the files of those days.
 *
 * ```ts
 * await connection.run(`CREATE VIEW events AS ${eventsIn('./lake')}`);
 * ```
 *
 * @param place - the `to` of `files()`. For `s3://…` DuckDB needs its extension `httpfs` and a secret
 */
export function eventsIn(place: string, { format = 'parquet' }: EventsInOptions = {}): string {
  const folder = plainPath(place.replace(/(?<=.)[\\/]+$/, ''));
  const partitions = `hive_partitioning = true, hive_types = {'dt': DATE, 'hour': INTEGER}, filename = true`;
  const types = columns.map(({ name, type }) => `'${name}': '${type}'`).join(', ');
  const source =
    format === 'parquet'
      ? `read_parquet(${quoted(`${folder}/dt=*/hour=*/*.parquet`)}, union_by_name = true, ${partitions})`
      : `read_json(${quoted(`${folder}/dt=*/hour=*/*.ndjson*`)}, format = 'newline_delimited', columns = {${types}}, ${partitions})`;
  const names = columns.map(({ name, type }) => (type === 'JSON' ? `CAST(${name} AS JSON) AS ${name}` : name));
  // When an event was received is written down with it, so all its copies are of one day: days need not know each other.
  return `SELECT ${names.join(', ')}, dt, hour
FROM ${source}
QUALIFY row_number() OVER (PARTITION BY dt, message_id ORDER BY received_at, filename) = 1`;
}
