-- Which migrations made this database? The table is the migration tool's own.
SELECT version, checksum FROM refinery_schema_history ORDER BY version
