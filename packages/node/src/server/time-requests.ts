import type { ServerResponse } from 'node:http';
import { Histogram, type Registry } from 'prom-client';

/** Seconds: a commit takes some milliseconds, a slow telephone some seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Measures for Prometheus how long requests for events take; call what it returns for each, when it comes. */
export function timeRequests(registry: Registry): (response: ServerResponse) => void {
  const durations = new Histogram({
    name: 'track_request_duration_seconds',
    help: 'From the head of a request to the end of its answer: its body has arrived by then, and the log has committed.',
    buckets,
    registers: [registry],
  });
  return (response) => {
    const answered = durations.startTimer();
    response.once('finish', () => answered());
  };
}
