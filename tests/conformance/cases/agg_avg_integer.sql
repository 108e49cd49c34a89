-- rule: 1.3 AVG(integer)
-- about: the type of the input, truncated toward zero
-- include: sensors
CREATE TABLE sink (ws TIMESTAMP(3), sensor INT, t TINYINT, s SMALLINT, i INT, b BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, sensor, AVG(level), AVG(hits), AVG(CAST(hits AS INT)), AVG(CAST(hits AS BIGINT))
FROM TABLE(TUMBLE(TABLE sensors, DESCRIPTOR(ts), INTERVAL '15' SECOND)) GROUP BY window_start, window_end, sensor;
