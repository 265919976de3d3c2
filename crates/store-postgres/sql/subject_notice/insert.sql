-- Tells the person of a granted emergency.
INSERT INTO subject_notice (procedure, tag, index_no, key_version, noticed_at, ends_at)
SELECT procedure, tag, index_no, key_version, $2, $3 FROM break_glass WHERE procedure = $1
