-- rule: 1.3 NULL group key
-- about: all NULLs form one group, apart from the empty text and from 0
-- include: sensors
CREATE TABLE sink (ws TIMESTAMP(3), site STRING, sensor INT, n BIGINT, site_is_null BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, site, sensor, COUNT(*), site IS NULL
FROM TABLE(TUMBLE(TABLE sensors, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, site, sensor;
