-- rule: 1.5 CSV quoting on write, 1.5 CSV NULL / empty, 1.5 CSV numbers, 1.5 CSV times
-- about: every type in and out; NULL writes as empty, a DECIMAL stripped
-- include: extremes
CREATE TABLE sink (
  id INT, t TINYINT, s SMALLINT, i INT, b BIGINT, f FLOAT, d DOUBLE, p DECIMAL(10, 2), q DECIMAL(38, 18), ok BOOLEAN, c CHAR(5), v STRING, dt DATE, ts TIMESTAMP(6)
) WITH (${sink:sink});
INSERT INTO sink SELECT * FROM extremes;
