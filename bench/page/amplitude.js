import * as amplitude from '@amplitude/analytics-browser';

const started = amplitude.init('bench', {
  serverUrl: `${location.origin}/2/httpapi`,
  autocapture: false,
  remoteConfig: { fetchRemoteConfig: false },
});

window.client = {
  ready: started.promise,
  track: (marker, sizeBytes) => void amplitude.track('Fault Met', { marker, text: incompressible(sizeBytes) }),
};
