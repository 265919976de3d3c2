-- Creates the persons of a chunk.
COPY person (person_id, uuid, secret, identity_salt, identity) FROM STDIN BINARY
