-- rule: M5
-- about: many late rows, keyed
-- include: sensors
CREATE TABLE sink (ws TIMESTAMP(3), sensor INT, n BIGINT, total DOUBLE) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, sensor, COUNT(*), SUM(temp)
FROM TABLE(TUMBLE(TABLE sensors, DESCRIPTOR(ts), INTERVAL '4' SECOND)) GROUP BY window_start, window_end, sensor;
