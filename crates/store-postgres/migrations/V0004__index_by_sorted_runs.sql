-- The store on SQLite keeps its two random indexes as sorted runs (docs/adr/0013). Here B-trees stay: COPY fills them in
-- the order of their keys. Versions go together, so nothing changes.
SELECT 1;
