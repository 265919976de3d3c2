-- The value of a setting in this session.
SELECT current_setting($1)
