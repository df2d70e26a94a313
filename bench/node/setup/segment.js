import { Analytics } from '@segment/analytics-node';

export function create({ origin }) {
  const analytics = new Analytics({ writeKey: 'bench', host: origin });
  return {
    track: (marker, text) => analytics.track({ userId: 'u1', event: 'Fault Met', properties: { marker, text } }),
    shutdown: () => analytics.closeAndFlush(),
  };
}
