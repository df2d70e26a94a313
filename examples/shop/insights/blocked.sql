-- What became of the pages that were served, and how many of them blockers swallowed at most, in percent.
-- Who left at once, or lost the network, is in the share too. Of pages that brought no yes nothing can be expected.
SELECT
  confirmed,
  declined,
  bot,
  unconfirmed,
  expected,
  round(percent, 1) AS percent,
  round(percent_low, 1) AS percent_low,
  round(percent_high, 1) AS percent_high
FROM blocked_share
