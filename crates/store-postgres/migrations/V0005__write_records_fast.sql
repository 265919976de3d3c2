-- The store on SQLite lets go of what each insert of a record paid for; here there never was a foreign key. Nothing changes.
SELECT 1;
