-- rule: 1.3 COUNT(DISTINCT x)
-- about: what is one group is one value: NaN is, and 0.0 with -0.0
-- oracle: hand computed from odd.csv: in Flink 0.0 and -0.0 are equal and yet two values, as they are two groups
-- include: odd
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT, d BIGINT, f BIGINT, small BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*), COUNT(DISTINCT d), COUNT(DISTINCT f), COUNT(DISTINCT d) FILTER (WHERE d < 1)
FROM TABLE(TUMBLE(TABLE odd, DESCRIPTOR(rt), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
