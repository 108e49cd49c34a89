-- rule: W7
-- about: named arguments, no key
-- include: sensors
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT, total DOUBLE) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, COUNT(*), SUM(temp)
FROM TABLE(CUMULATE(DATA => TABLE sensors, TIMECOL => DESCRIPTOR(ts), STEP => INTERVAL '5' SECOND, SIZE => INTERVAL '30' SECOND))
GROUP BY window_start, window_end;
