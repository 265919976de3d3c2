-- Who stands under this tag?
SELECT p.person_id, p.uuid, p.secret, p.identity_salt, p.identity
FROM blind_index b JOIN person p ON p.person_id = b.person_id
WHERE b.tag = ?1 AND b.index_no = ?2 AND b.key_version = ?3
