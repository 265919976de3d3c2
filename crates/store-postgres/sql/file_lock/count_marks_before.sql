-- How many locks, relations, numbers never issued and notices stand under a version of the index key before this one, and below
-- its floor?
SELECT (SELECT count(*) FROM file_lock WHERE key_version < oldest)
     + (SELECT count(*) FROM declared_relation WHERE key_version < oldest)
     + (SELECT count(*) FROM honey_number WHERE key_version < oldest)
     + (SELECT count(*) FROM subject_notice WHERE key_version < oldest)
FROM (SELECT least($1, version) AS oldest FROM key_floor WHERE key = 'index') AS asked
