-- rule: 1.3 NULL group key
-- about: NaN is one key, and so is 0.0 with -0.0, which are equal
-- oracle: spark Flink groups by the bits of a DOUBLE: 0.0 and -0.0 are equal and yet two groups
-- include: odd
CREATE TABLE sink (d DOUBLE, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT d, COUNT(*) FROM TABLE(TUMBLE(TABLE odd, DESCRIPTOR(rt), INTERVAL '5' MINUTE)) GROUP BY window_start, window_end, d;
