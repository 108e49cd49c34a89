-- rule: W9
-- about: named arguments, readings with disorder and late rows
-- include: sensors
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), sensor INT, n BIGINT, first_ts TIMESTAMP(3), last_ts TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, sensor, COUNT(*), MIN(ts), MAX(ts)
FROM TABLE(SESSION(DATA => TABLE sensors PARTITION BY sensor, TIMECOL => DESCRIPTOR(ts), GAP => INTERVAL '3' SECOND))
GROUP BY window_start, window_end, sensor;
