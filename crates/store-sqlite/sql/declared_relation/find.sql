-- What is the person of a number to an officer?
SELECT kind FROM declared_relation WHERE by_account = ?1 AND tag = ?2 AND index_no = ?3 AND key_version = ?4
