-- rule: 1.4, W4
-- about: before 1970: to a DATE and to fewer digits is toward the past
-- oracle: spark Flink rounds 1969-12-31 23:59:59.999 to 1970-01-01 as DATE and as TIMESTAMP(0)
-- include: times
CREATE TABLE sink (id INT, a DATE, b TIMESTAMP(0)) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(ts AS DATE), CAST(ts AS TIMESTAMP(0)) FROM times WHERE ts < TIMESTAMP '1970-01-01 00:00:00';
