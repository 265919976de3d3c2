-- How many nonces are remembered?
SELECT COUNT(*) FROM client_nonce
