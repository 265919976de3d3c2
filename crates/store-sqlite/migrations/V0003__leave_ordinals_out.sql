-- chunk.records: records written with it; their ordinals ascend, some may be left out, since records are sealed for their
-- public id before it is known which rows say something new. Only the comment changes.
SELECT 1;
