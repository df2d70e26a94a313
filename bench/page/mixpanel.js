import mixpanel from 'mixpanel-browser';

mixpanel.init('bench', {
  api_host: location.origin,
  autocapture: false,
  track_pageview: false,
  record_sessions_percent: 0,
});

window.client = {
  track: (marker, sizeBytes) => void mixpanel.track('Fault Met', { marker, text: incompressible(sizeBytes) }),
};
