-- rule: M5
-- about: late rows of a tumbling window are dropped
-- spark: these rows are of a batch reader: no row is late
-- include: late
CREATE TABLE sink (ws TIMESTAMP(3), k STRING, n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, k, COUNT(*), SUM(v)
FROM TABLE(TUMBLE(TABLE late, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k;
