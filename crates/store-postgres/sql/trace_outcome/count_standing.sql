-- How many of these outcomes are those that stand?
SELECT COUNT(*)
FROM unnest($1::uuid[], $2::text[]) AS asked (uuid, outcome)
JOIN trace_outcome o ON o.uuid = asked.uuid AND o.outcome = asked.outcome
