-- rule: M1
-- about: rows that WHERE drops later advance the watermark too
-- include: late
CREATE TABLE sink (ws TIMESTAMP(3), k STRING, n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, k, COUNT(*), SUM(v)
FROM TABLE(TUMBLE(TABLE late, DESCRIPTOR(ts), INTERVAL '10' SECOND)) WHERE k <> 'a' GROUP BY window_start, window_end, k;
