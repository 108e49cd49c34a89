-- rule: 1.4
-- about: UNIX_TIMESTAMP before 1582 counts days of the Julian calendar
-- include: parse
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE sink (id INT, a BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT id, UNIX_TIMESTAMP(s, 'yyyy-MM-dd') FROM parse WHERE s IN ('1582-10-10', '0001-01-01');
