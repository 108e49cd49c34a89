-- rule: W13
-- about: sliding windows over tumbling ones, with late rows in the first step only
-- include: sensors
CREATE VIEW fives AS SELECT window_time AS rt, sensor, COUNT(*) AS n, SUM(temp) AS total
FROM TABLE(TUMBLE(TABLE sensors, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, window_time, sensor;
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), sensor INT, n BIGINT, total DOUBLE) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, sensor, SUM(n), SUM(total)
FROM TABLE(HOP(TABLE fives, DESCRIPTOR(rt), INTERVAL '10' SECOND, INTERVAL '30' SECOND)) GROUP BY window_start, window_end, sensor;
