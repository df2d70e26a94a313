import Analytics from '@rudderstack/rudder-sdk-node';

export function create({ origin }) {
  const analytics = new Analytics('bench', { dataPlaneUrl: origin });
  return {
    track: (marker, text) => analytics.track({ userId: 'u1', event: 'Fault Met', properties: { marker, text } }),
    shutdown: () => analytics.flush(),
  };
}
