-- The two indexes whose keys come in random order are kept as sorted runs: a chunk adds one run to each, and eight runs of
-- one size become one (docs/adr/0013). A B-tree would have nearly all its pages written again by each chunk. Runs are
-- derived from the rows that they lead to; `verify` compares both.
CREATE TABLE index_run (
    -- number; larger than that of every run before
    run_id          INTEGER PRIMARY KEY,
    -- tag: who stands under a tag; fact: the records of a person by fact and revision
    kind            TEXT NOT NULL CHECK (kind IN ('tag', 'fact')),
    -- entries in it; none is in another run of its kind
    entries         INTEGER NOT NULL CHECK (entries > 0)
) STRICT;

-- Entries of a run, in order. An entry is a key and a number of 8 bytes, all big-endian:
--   tag:  tag (16), index (1: 1 = B1, number; 2 = B2, number and name), key version (2); person
--   fact: person (8), fact (8), revision (4); record
CREATE TABLE index_block (
    -- run_id * 2^20 + place in the run
    block_id        INTEGER PRIMARY KEY,
    -- run
    run_id          INTEGER NOT NULL REFERENCES index_run (run_id),
    -- key of its first entry
    first_key       BLOB NOT NULL CHECK (length(first_key) IN (19, 20)),
    -- entries, one after the other
    entries         BLOB NOT NULL CHECK (length(entries) > 0)
) STRICT;
CREATE UNIQUE INDEX index_block_first ON index_block (run_id, first_key);

-- What is there already becomes a run each; 500 entries a block.
INSERT INTO index_run (run_id, kind, entries) SELECT 1, 'tag', count(*) FROM blind_index HAVING count(*) > 0;
INSERT INTO index_block (block_id, run_id, first_key, entries)
SELECT (1 << 20) + block, 1, min(key), unhex(group_concat(hex(key) || printf('%016X', person_id), '' ORDER BY key))
FROM (
    SELECT (row_number() OVER (ORDER BY key) - 1) / 500 AS block, key, person_id
    FROM (
        SELECT unhex(hex(tag) || printf('%02X%04X', index_no, key_version)) AS key, person_id FROM blind_index
    )
)
GROUP BY block;
DROP TABLE blind_index;

INSERT INTO index_run (run_id, kind, entries) SELECT 2, 'fact', count(*) FROM record HAVING count(*) > 0;
INSERT INTO index_block (block_id, run_id, first_key, entries)
SELECT (2 << 20) + block, 2, min(key), unhex(group_concat(hex(key) || printf('%016X', record_id), '' ORDER BY key))
FROM (
    SELECT (row_number() OVER (ORDER BY key) - 1) / 500 AS block, key, record_id
    FROM (
        SELECT unhex(printf('%016X%016X%08X', person_id, fact_tag, revision)) AS key, record_id FROM record
    )
)
GROUP BY block;
DROP INDEX record_fact;

-- A run is written once; merged runs are removed, since their entries are in another then.
CREATE TRIGGER index_run_keeps_columns BEFORE UPDATE ON index_run
BEGIN
    SELECT RAISE(ABORT, 'append-only: index_run');
END;

CREATE TRIGGER index_block_keeps_columns BEFORE UPDATE ON index_block
BEGIN
    SELECT RAISE(ABORT, 'append-only: index_block');
END;
