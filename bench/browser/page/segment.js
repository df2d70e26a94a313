import { analytics } from '../../setup/segment.js';

analytics.page();

window.client = {
  ready: analytics.then(() => {}),
  track: (properties) => void analytics.track('Product Added', properties),
};
