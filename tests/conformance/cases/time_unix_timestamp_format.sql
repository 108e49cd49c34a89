-- rule: 1.4
-- about: UNIX_TIMESTAMP of text with a format
-- include: parse
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE sink (id INT, a BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT id, UNIX_TIMESTAMP(s, 'yyyy-MM-dd') FROM parse WHERE s IN ('2026-01-01', '2024-02-29', '9999-12-31');
