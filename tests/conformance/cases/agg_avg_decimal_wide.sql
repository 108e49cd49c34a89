-- rule: 1.3 AVG(DECIMAL(p,s))
-- about: a sum near 38 digits
-- oracle: hand exact sums, computed from extremes.csv with Python's decimal: in Flink a sum that overflows on its way stays NULL, so its
--   rows depend on the order of the records
-- spark: its type of AVG(DECIMAL(38,18)) is DECIMAL(38,22), which overflows to NULL
-- include: extremes_timed
CREATE TABLE sink (ws TIMESTAMP(3), a DECIMAL(38, 6), b DECIMAL(38, 18)) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, AVG(p), AVG(q)
FROM TABLE(TUMBLE(TABLE extremes, DESCRIPTOR(rt), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
