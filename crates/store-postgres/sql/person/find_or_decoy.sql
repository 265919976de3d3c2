-- Who stands under these tags? Nobody: the decoy (R12).
SELECT p.person_id, p.uuid, p.secret, p.identity_salt, p.identity
FROM person p
WHERE p.person_id = COALESCE(
        (SELECT b.person_id
         FROM unnest($1::bytea[], $2::smallint[], $3::integer[]) AS asked (tag, index_no, key_version)
         JOIN blind_index b ON b.tag = asked.tag AND b.index_no = asked.index_no AND b.key_version = asked.key_version
         LIMIT 1), 0)
