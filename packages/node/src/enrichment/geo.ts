import { readFileSync } from 'node:fs';
import { type CityResponse, Reader } from 'mmdb-lib';
import type { Enrichment } from './enrichment.ts';

export interface GeoOptions {
  /** A file in MaxMind's format with countries or cities: GeoLite2, DB-IP, IPinfo. Read once, kept in memory. */
  readonly file: string;
}

/**
 * Says `context.location` of an address: `country`, `countryCode`, `region`, `city`, `timezone`, as far as the file knows
 * them; no coordinates. It reads the whole address, also where only a part of it is kept. By `mmdb-lib`, which you
 * install beside us.
 *
 * @throws Error if the file cannot be read, or is none of that kind
 */
export function geo({ file }: GeoOptions): Enrichment {
  const reader = openReader(file);
  return {
    name: 'geo',
    find({ ip }) {
      if (ip === undefined || (reader.metadata.ipVersion === 4 && ip.includes(':'))) return undefined;
      const place = reader.get(ip);
      if (place === null) return undefined;
      const { country, subdivisions, city, location } = place;
      const found = {
        country: country?.names?.en,
        countryCode: country?.iso_code,
        region: subdivisions?.[0]?.names?.en,
        city: city?.names?.en,
        timezone: location?.time_zone,
      };
      const known = Object.fromEntries(Object.entries(found).filter(([, value]) => typeof value === 'string'));
      return Object.keys(known).length === 0 ? undefined : { context: { location: known } };
    },
  };
}

function openReader(file: string): Reader<CityResponse> {
  try {
    return new Reader<CityResponse>(readFileSync(file));
  } catch (cause) {
    throw new Error(`geo: cannot read "${file}": ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
