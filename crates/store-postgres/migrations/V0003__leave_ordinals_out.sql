-- Records are sealed for their public id before it is known which rows say something new, so ordinals may be left out.
COMMENT ON COLUMN chunk.records IS 'records written with it; their ordinals ascend, some may be left out';
