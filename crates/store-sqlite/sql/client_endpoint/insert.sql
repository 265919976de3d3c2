-- Sets or ends the endpoint of a system.
INSERT INTO client_endpoint (client, url, set_at, act) VALUES (?1, ?2, ?3, ?4)
