-- rule: 1.4
-- about: before 1970: milliseconds and epoch
-- oracle: spark before 1970 Flink rounds toward the epoch: it gives negative hours and the next day
-- include: times
CREATE TABLE sink (id INT, a BIGINT, b BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT id, EXTRACT(MILLISECOND FROM ts), EXTRACT(EPOCH FROM ts) FROM times WHERE ts < TIMESTAMP '1970-01-01 00:00:00';
