-- rule: 1.4
-- about: before 1970: EXTRACT and the functions of fields, of TIMESTAMP
-- oracle: spark before 1970 Flink rounds toward the epoch: it gives negative hours and the next day
-- include: times
CREATE TABLE sink (
  id INT, y BIGINT, m BIGINT, d BIGINT, h BIGINT, mi BIGINT, s BIGINT, y2 BIGINT, m2 BIGINT, d2 BIGINT, h2 BIGINT, mi2 BIGINT
) WITH (${sink:sink});
INSERT INTO sink SELECT id, EXTRACT(YEAR FROM ts), EXTRACT(MONTH FROM ts), EXTRACT(DAY FROM ts), EXTRACT(HOUR FROM ts), EXTRACT(MINUTE FROM ts), EXTRACT(SECOND FROM ts),
  YEAR(ts), MONTH(ts), DAYOFMONTH(ts), HOUR(ts), MINUTE(ts) FROM times WHERE ts < TIMESTAMP '1970-01-01 00:00:00';
