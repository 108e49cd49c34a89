-- rule: W13, W7
-- about: cumulating windows over tumbling ones
-- include: sensors
CREATE VIEW fives AS SELECT window_time AS rt, site, COUNT(*) AS n, MAX(temp) AS top
FROM TABLE(TUMBLE(TABLE sensors, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, window_time, site;
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), site STRING, n BIGINT, top DOUBLE) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, site, SUM(n), MAX(top)
FROM TABLE(CUMULATE(TABLE fives, DESCRIPTOR(rt), INTERVAL '10' SECOND, INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, site;
