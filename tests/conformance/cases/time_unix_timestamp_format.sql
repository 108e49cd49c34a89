-- rule: 1.4
-- about: UNIX_TIMESTAMP of text with a format
-- include: parse
CREATE TABLE sink (id INT, a BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT id, UNIX_TIMESTAMP(s, 'yyyy-MM-dd') FROM parse WHERE s IN ('2026-01-01', '2024-02-29', '1582-10-10', '0001-01-01', '9999-12-31');
