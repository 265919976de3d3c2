-- One system of a department.
SELECT uuid, organisation, name, registered_at FROM client WHERE uuid = $1
