import * as amplitude from '@amplitude/analytics-browser';

const started = amplitude.init('bench', {
  serverUrl: `${location.origin}/2/httpapi`,
  autocapture: false,
  remoteConfig: { fetchRemoteConfig: false },
});
amplitude.track('[Amplitude] Page Viewed', { url: location.href });

window.client = {
  ready: started.promise,
  track: (properties) => void amplitude.track('Product Added', properties),
};
