import { PostHog } from 'posthog-node';

export function create({ origin }) {
  const posthog = new PostHog('bench', { host: origin });
  return {
    track: (marker, text) => posthog.capture({ distinctId: 'u1', event: 'Fault Met', properties: { marker, text } }),
    shutdown: () => posthog.shutdown(),
  };
}
