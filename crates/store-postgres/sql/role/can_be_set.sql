-- May this login act as the application role, and nothing more?
SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'chengdang_app' AND pg_has_role(oid, 'MEMBER'))
