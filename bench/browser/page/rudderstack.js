import { analytics } from '../../setup/rudderstack.js';

analytics.page();

window.client = {
  ready: new Promise((resolve) => analytics.ready(resolve)),
  track: (properties) => void analytics.track('Product Added', properties),
};
