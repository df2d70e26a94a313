import { whyPathIsListed } from '@org/track-core';
import { unnamedKey } from '../collector/keys.ts';
import type { TrackConfig } from '../config/track-config.ts';
import { isLoopback } from '../server/create-track-server.ts';
import { type Finding, findingsAbout } from './finding.ts';

/** Secrets with fewer characters can be tried out. */
const minSecretLength = 16;

/** What a config that can be loaded may still have wrong. */
export function examineConfig(config: TrackConfig): readonly Finding[] {
  return [...examineEndpoint(config), ...examineKeys(config), ...examineAdmin(config)];
}

function examineEndpoint({ endpoint }: TrackConfig): readonly Finding[] {
  const { ok, warn } = findingsAbout('endpoint');
  const why = whyPathIsListed(endpoint);
  if (why === undefined) return [ok(`No block list that we know of has anything against ${endpoint}.`)];
  return [warn(`Block lists keep browsers from ${endpoint}: ${why}.`, 'Choose a word of your own, such as /api/j.')];
}

function examineKeys({ keys = {}, consent, allowedOrigins = [] }: TrackConfig): readonly Finding[] {
  const { ok, warn } = findingsAbout('keys');
  const findings: Finding[] = [];
  for (const [writeKey, key] of Object.entries(keys)) {
    const name = key.name ?? unnamedKey;
    if (key.source !== 'server') continue;
    if ([writeKey, ...(key.previous ?? [])].some((secret) => secret.length < minSecretLength)) {
      const advice = `Take one of ${minSecretLength} characters or more: openssl rand -hex 24`;
      findings.push(warn(`A secret of "${name}" can be guessed: it is short.`, advice));
    }
    if ((key.consent ?? consent) === undefined) {
      const advice = 'If its events carry no consent of their own, say in the key what you vouch for: consent.';
      findings.push(warn(`"${name}" vouches for no consent: of its events only necessary ones are taken.`, advice));
    }
    if ((key.previous ?? []).length > 0) {
      const advice = 'Take them out of "previous" when nobody uses them any more: previous-key-used tells.';
      findings.push(warn(`"${name}" has older keys that are still taken.`, advice));
    }
  }
  if (Object.keys(keys).length === 0 && allowedOrigins.length === 0) {
    findings.push(ok('There are no keys: only browsers on the server’s own site may write.'));
  }
  return findings.length === 0 ? [ok('Every key says who may do what.')] : findings;
}

function examineAdmin({ admin = {}, testMode = false }: TrackConfig): readonly Finding[] {
  const { ok, warn } = findingsAbout('admin');
  const findings: Finding[] = [];
  if (admin.host !== undefined && !isLoopback(admin.host)) {
    const advice = 'Let only your monitoring reach that port: a firewall, a network policy.';
    findings.push(warn(`Whoever reaches ${admin.host} can read /metrics.`, advice));
  }
  if (testMode) {
    findings.push(warn('Test mode is on: the admin port shows what people did.', 'Leave testMode out in production.'));
  }
  return findings.length === 0 ? [ok('The admin port is for this machine alone.')] : findings;
}
