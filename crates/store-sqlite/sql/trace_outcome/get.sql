-- Which outcome stands?
SELECT outcome FROM trace_outcome WHERE uuid = ?1
