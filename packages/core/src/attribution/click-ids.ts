/**
 * Parameters that platforms add to the links that lead to a site, by platform, in lower case. Each value names one click
 * of one person: collect them with a yes to `advertising` only.
 */
export const clickIdsOf = {
  google: ['gclid', 'gbraid', 'wbraid', 'dclid', 'gclsrc', 'srsltid'],
  meta: ['fbclid', 'igshid'],
  microsoft: ['msclkid'],
  tiktok: ['ttclid'],
  x: ['twclid'],
  linkedin: ['li_fat_id'],
  snapchat: ['sccid', 'sclid'],
  reddit: ['rdt_cid'],
  pinterest: ['epik'],
  quora: ['qclid'],
  yandex: ['yclid', 'ymclid'],
  nextdoor: ['ndclid'],
  taboola: ['tblci'],
  outbrain: ['dicbo', 'obclid'],
  impact: ['irclickid', 'irclid'],
  awin: ['awc'],
  cj: ['cjevent'],
  klaviyo: ['_kx'],
  mailchimp: ['mc_eid'],
  hubspot: ['_hsenc'],
  marketo: ['mkt_tok'],
} as const;

/** Who sent a click: a key of `clickIdsOf`. */
export type ClickPlatform = keyof typeof clickIdsOf;

/** Whose a parameter is: `clickPlatform('gclid')` is `'google'`. Undefined if it is no click id. */
export function clickPlatform(parameter: string): ClickPlatform | undefined {
  const wanted = parameter.toLowerCase();
  const found = Object.entries<readonly string[]>(clickIdsOf).find(([, ids]) => ids.includes(wanted));
  return found?.[0] as ClickPlatform | undefined;
}
