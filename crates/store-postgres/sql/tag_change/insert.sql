-- Notes that a person got a further tag.
INSERT INTO tag_change (person_id) VALUES ($1)
