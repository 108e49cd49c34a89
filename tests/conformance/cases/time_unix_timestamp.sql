-- rule: 1.4
-- about: UNIX_TIMESTAMP of text
-- include: parse
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE sink (id INT, a BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT id, UNIX_TIMESTAMP(s) FROM parse;
