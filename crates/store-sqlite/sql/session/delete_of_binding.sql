-- Ends the sessions of a binding: all, or those of one session at the provider and those of which it told none.
DELETE FROM session
WHERE binding = ?1 AND (?2 IS NULL OR provider_session IS NULL OR provider_session = ?2)
