import { analytics } from '../setup/segment.js';

window.client = {
  ready: analytics.then(() => {}),
  track: (marker, sizeBytes) => void analytics.track('Fault Met', { marker, text: incompressible(sizeBytes) }),
};
