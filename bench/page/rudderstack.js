import { analytics } from '../setup/rudderstack.js';

window.client = {
  ready: new Promise((resolve) => analytics.ready(resolve)),
  track: (marker, sizeBytes) => void analytics.track('Fault Met', { marker, text: incompressible(sizeBytes) }),
};
