-- Tells the person of a granted emergency; one under a retired version of the index key is none that waits any more.
INSERT INTO subject_notice (procedure, tag, index_no, key_version, noticed_at, ends_at)
SELECT procedure, tag, index_no, key_version, $2, $3 FROM break_glass WHERE procedure = $1
  AND key_version >= (SELECT version FROM key_floor WHERE key = 'index')
