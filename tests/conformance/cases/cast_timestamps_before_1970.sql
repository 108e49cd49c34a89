-- rule: 1.4, W4
-- about: before 1970: to a DATE and to fewer than three digits is toward the epoch
-- spark: before 1970 Flink rounds toward the epoch, Spark toward the past
-- include: times
CREATE TABLE sink (id INT, a DATE, b TIMESTAMP(0)) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(ts AS DATE), CAST(ts AS TIMESTAMP(0)) FROM times WHERE ts < TIMESTAMP '1970-01-01 00:00:00';
