-- Every order, by whom it was told, and how often.
SELECT key AS "orderId", told_by AS "toldBy", server_times AS "serverTimes" FROM reconciliation ORDER BY 1
