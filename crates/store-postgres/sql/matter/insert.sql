-- Registers matters, but for numbers that their organisation has used.
INSERT INTO matter (uuid, organisation, matter_no, purpose, opened_day, by_account, registered_at)
SELECT uuid, organisation, matter_no, purpose, opened_day, by_account, registered_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::uuid[], $7::bigint[]) WITH ORDINALITY
     AS new (uuid, organisation, matter_no, purpose, opened_day, by_account, registered_at, place)
ORDER BY place
ON CONFLICT (organisation, matter_no) DO NOTHING
