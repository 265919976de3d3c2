-- Is there the application role?
SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'chengdang_app')
