import { flush, init, track } from '@amplitude/analytics-node';

export function create({ origin }) {
  init('bench', { serverUrl: `${origin}/2/httpapi` });
  return {
    track: (marker, text) => track('Fault Met', { marker, text }, { user_id: 'u1' }),
    shutdown: () => flush().promise,
  };
}
