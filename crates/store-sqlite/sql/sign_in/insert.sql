-- Remembers a question that is put to the identity provider.
INSERT INTO sign_in (state_hash, browser_hash, session_hash, return_to, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
