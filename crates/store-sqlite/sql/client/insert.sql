-- Registers a department's system.
INSERT INTO client (uuid, organisation, name, registered_at, act) VALUES (?1, ?2, ?3, ?4, ?5)
