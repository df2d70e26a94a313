import { defineModel, type Model } from './model.ts';

/**
 * Who was seen on which device: an event with both ids says so, as by the rule of the log (log/person.ts), and besides
 * one that joins a device's id to a person's (`previousId`). A `previousId` that was somebody's `userId` is no device.
 */
const claims = `claims AS (
  SELECT anonymous_id AS device, user_id AS owner, timestamp AS seen_at
  FROM events
  WHERE anonymous_id IS NOT NULL AND user_id IS NOT NULL
  UNION ALL
  SELECT previous_id AS device, user_id AS owner, timestamp AS seen_at
  FROM events
  WHERE previous_id IS NOT NULL AND user_id IS NOT NULL
    AND previous_id NOT IN (SELECT user_id FROM events WHERE user_id IS NOT NULL)
)`;

export const identities: Model = defineModel(
  'identities',
  'A device and a person who was on it: since when, until when, and whether others were on it too.',
  () => `
WITH ${claims},
pairs AS (
  SELECT device, owner, min(seen_at) AS first_seen_at, max(seen_at) AS last_seen_at, count(*) AS claims
  FROM claims
  GROUP BY device, owner
),
devices AS (
  SELECT device, count(*) AS persons
  FROM pairs
  GROUP BY device
)
SELECT
  pairs.device AS anonymous_id,
  pairs.owner AS user_id,
  CAST(persons > 1 AS BOOLEAN) AS is_shared,
  first_seen_at,
  last_seen_at,
  claims AS events
FROM pairs
JOIN devices ON devices.device = pairs.device`,
);

export const stitchedEvents: Model = defineModel(
  'stitched_events',
  'An event, and whose it is: of the person it names, else of the one person its device had, else of the device.',
  () => `
WITH ${claims},
owners AS (
  SELECT device, min(owner) AS owner
  FROM (SELECT DISTINCT device, owner FROM claims) AS pairs
  GROUP BY device
  HAVING count(*) = 1
)
SELECT
  message_id,
  timestamp,
  type,
  event,
  anonymous_id,
  user_id,
  coalesce(user_id, owner, anonymous_id) AS person_id,
  CASE WHEN user_id IS NOT NULL THEN 'user' WHEN owner IS NOT NULL THEN 'device' ELSE 'nobody' END AS known_by
FROM events
LEFT JOIN owners ON owners.device = events.anonymous_id`,
);
