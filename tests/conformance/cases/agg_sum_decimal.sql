-- rule: 1.3 SUM(DECIMAL(p,s))
-- about: exact, as DECIMAL(38,s)
-- include: sensors
CREATE TABLE sink (ws TIMESTAMP(3), sensor INT, v DECIMAL(38, 3)) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, sensor, SUM(volts)
FROM TABLE(TUMBLE(TABLE sensors, DESCRIPTOR(ts), INTERVAL '15' SECOND)) GROUP BY window_start, window_end, sensor;
