import posthog from 'posthog-js';

posthog.init('phc_bench', {
  api_host: location.origin,
  autocapture: false,
  capture_pageview: true,
  capture_pageleave: false,
  disable_session_recording: true,
  disable_surveys: true,
  disable_external_dependency_loading: true,
  advanced_disable_flags: true,
  opt_out_useragent_filter: true, // it drops what headless browsers send
  rate_limiting: { events_per_second: 100_000, events_burst_limit: 100_000 }, // it drops what comes faster than 10/s
});

window.client = { track: (properties) => void posthog.capture('Product Added', properties) };
