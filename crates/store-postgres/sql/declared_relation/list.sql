-- What are persons to an officer?
SELECT tag, index_no, key_version, kind FROM declared_relation WHERE by_account = $1
