import { name, version } from '../version.ts';

/** Who we are to a collector's access log. Firewalls in front of it commonly refuse requests that do not say. */
export const userAgent: string = `${name.replace('@', '').replace('/', '-')}/${version}`;
