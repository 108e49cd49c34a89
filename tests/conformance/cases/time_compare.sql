-- rule: 1.4
-- about: comparisons with literals
-- include: times
CREATE TABLE sink (id INT, a BOOLEAN, b BOOLEAN, c BOOLEAN, d BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT id, ts < TIMESTAMP '1970-01-01 00:00:00', dt >= DATE '1970-01-01', ts = TIMESTAMP '1969-12-31 23:59:59.999', ts BETWEEN TIMESTAMP '1950-01-01 00:00:00' AND TIMESTAMP '2000-01-01 00:00:00' FROM times;
