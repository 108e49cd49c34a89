-- rule: 1.3 AVG(DECIMAL(p,s))
-- about: DECIMAL(38, max(6,s)), rounded half up
-- include: sensors
CREATE TABLE sink (ws TIMESTAMP(3), sensor INT, a DECIMAL(38, 6), b DECIMAL(38, 6), c DECIMAL(38, 8)) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, sensor, AVG(volts), AVG(CAST(volts AS DECIMAL(6, 0))), AVG(CAST(volts AS DECIMAL(20, 8)))
FROM TABLE(TUMBLE(TABLE sensors, DESCRIPTOR(ts), INTERVAL '15' SECOND)) GROUP BY window_start, window_end, sensor;
