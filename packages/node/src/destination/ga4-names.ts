import { hash } from 'node:crypto';
import { isObject } from './mapping.ts';

// Limits and names as of https://developers.google.com/analytics/devguides/collection/protocol/ga4 (read 2026-11).
const maxNameLength = 40;
const maxValueLength = 100;
const longValues: ReadonlyMap<string, number> = new Map([
  ['page_title', 300],
  ['page_referrer', 420],
  ['page_location', 1_000],
]);

const reservedNames: ReadonlySet<string> = new Set(
  `ad_activeview ad_click ad_exposure ad_impression ad_query adunit_exposure app_clear_data app_install app_update
  app_remove error first_open first_visit in_app_purchase notification_dismiss notification_foreground
  notification_open notification_receive os_update screen_view session_start user_engagement app_store_refund
  app_store_subscription_cancel app_store_subscription_convert app_store_subscription_renew`.split(/\s+/),
);
const reservedPrefix = /^(_|firebase_|ga_|google_|gtag\.)/;

/** A name that Google takes: letters, digits and `_`, begun by a letter, none of its own, at most 40 long. */
export function eventName(name: string): string {
  const clean = plainName(name.trim());
  const isTheirs = reservedNames.has(clean) || reservedPrefix.test(name) || !/^[A-Za-z]/.test(clean);
  return (isTheirs ? `ev_${clean.replace(/^_+/, '')}` : clean).slice(0, maxNameLength);
}

/** A value that a parameter can have. */
export type Param = string | number | boolean;

export function paramName(field: string): string {
  const clean = plainName(field);
  const isTheirs = reservedPrefix.test(clean) || !/^[A-Za-z]/.test(clean);
  return (isTheirs ? `p_${clean.replace(/^_+/, '')}` : clean).slice(0, maxNameLength);
}

/**
 * A name in the letters that Google takes. What has none of its own there, as most scripts, is told apart from others by a
 * hash of the whole name: two events, or two properties, must not become one.
 */
function plainName(name: string): string {
  const latin = name
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replace(/\p{Mark}+/gu, '')
    .replace(/[\s.-]+/g, '_');
  const clean = latin.replace(/[^A-Za-z0-9_]/g, '');
  if (!/[^\P{Letter}A-Za-z]/u.test(latin)) return clean;
  return `${clean.slice(0, maxNameLength - hashLength - 4)}_${hash('sha256', name).slice(0, hashLength)}`;
}

const hashLength = 8;

/** Texts, numbers and booleans only; texts are cut between characters, not inside one. */
export function paramValue(param: string, value: unknown): Param | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  const text = Array.isArray(value) ? value.filter((each) => !isObject(each)).join() : value;
  if (typeof text !== 'string' || text === '') return undefined;
  return cut(text, longValues.get(param) ?? maxValueLength);
}

export function cut(text: string, length: number): string {
  return text.length <= length ? text : [...text].slice(0, length).join('');
}
