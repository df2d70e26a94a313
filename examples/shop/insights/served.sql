-- Every page that was served, and what became of it.
SELECT page_view_id AS id, state, told_by, consent FROM served_pages ORDER BY served_at
