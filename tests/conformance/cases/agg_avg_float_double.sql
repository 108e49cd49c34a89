-- rule: 1.3 AVG(FLOAT) / AVG(DOUBLE)
-- about: FLOAT with a DOUBLE accumulator, DOUBLE
-- include: sensors
CREATE TABLE sink (ws TIMESTAMP(3), sensor INT, f FLOAT, d DOUBLE) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, sensor, AVG(humidity), AVG(temp)
FROM TABLE(TUMBLE(TABLE sensors, DESCRIPTOR(ts), INTERVAL '15' SECOND)) GROUP BY window_start, window_end, sensor;
