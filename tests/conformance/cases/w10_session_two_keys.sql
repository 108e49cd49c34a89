-- rule: W10
-- about: two partition keys
-- include: sensors
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), sensor INT, site STRING, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, sensor, site, COUNT(*)
FROM TABLE(SESSION(TABLE sensors PARTITION BY (sensor, site), DESCRIPTOR(ts), INTERVAL '6' SECOND)) GROUP BY window_start, window_end, sensor, site;
