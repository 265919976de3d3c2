-- Who stands under these tags, in the order asked? With the version below which tags are given up.
SELECT p.person_id, p.uuid, p.secret, p.identity_salt, p.identity,
    (SELECT version FROM key_floor WHERE key = 'index') AS floor
FROM unnest($1::bytea[], $2::smallint[], $3::integer[]) WITH ORDINALITY AS asked (tag, index_no, key_version, place)
LEFT JOIN blind_index b ON b.tag = asked.tag AND b.index_no = asked.index_no AND b.key_version = asked.key_version
LEFT JOIN person p ON p.person_id = b.person_id
ORDER BY asked.place
