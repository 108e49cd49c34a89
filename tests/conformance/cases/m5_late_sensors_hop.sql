-- rule: M5
-- about: many late rows over windows that overlap
-- include: sensors
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT, total DOUBLE, low DOUBLE, top DOUBLE) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, COUNT(*), SUM(temp), MIN(temp), MAX(temp)
FROM TABLE(HOP(TABLE sensors, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '12' SECOND)) GROUP BY window_start, window_end;
