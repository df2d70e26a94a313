/** Where the collector listens. Block lists know some paths: with `TRACK_PATH=/analytics/events` they stop it all. */
export const trackPath = process.env.TRACK_PATH ?? '/api/j';
