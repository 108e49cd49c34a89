-- rule: 1.3 SUM(DECIMAL(p,s))
-- about: 38 digits are left: the sum is NULL
-- oracle: hand exact sums, computed from extremes.csv with Python's decimal: in Flink the next value after an overflow begins a new sum, so
--   its rows depend on the order of the records, and say nothing of the records before
-- include: extremes_timed
CREATE TABLE sink (ws TIMESTAMP(3), a DECIMAL(38, 2), b DECIMAL(38, 18), c DECIMAL(38, 36), n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, SUM(p), SUM(q), SUM(CAST(d AS DECIMAL(38, 36))), COUNT(*)
FROM TABLE(TUMBLE(TABLE extremes, DESCRIPTOR(rt), INTERVAL '20' SECOND)) GROUP BY window_start, window_end;
