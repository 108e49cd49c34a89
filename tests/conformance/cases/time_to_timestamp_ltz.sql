-- rule: 1.4
-- about: seconds and milliseconds since the epoch
-- include: times
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE sink (id INT, a TIMESTAMP_LTZ(3), b TIMESTAMP_LTZ(3)) WITH (${sink:sink});
INSERT INTO sink SELECT id, TO_TIMESTAMP_LTZ(n, 0), TO_TIMESTAMP_LTZ(n, 3) FROM times;
