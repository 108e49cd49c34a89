-- rule: M5
-- about: a row that is late for one window is still in the others
-- include: late
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), k STRING, n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, k, COUNT(*), SUM(v)
FROM TABLE(HOP(TABLE late, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '20' SECOND)) GROUP BY window_start, window_end, k;
