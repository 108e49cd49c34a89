-- rule: 1.4
-- about: FROM_UNIXTIME, also with a format
-- include: times
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE sink (id INT, a STRING, b STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, FROM_UNIXTIME(n), FROM_UNIXTIME(n, 'yyyy/MM/dd HH') FROM times;
