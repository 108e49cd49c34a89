-- rule: M5
-- about: many late rows over cumulating windows, keyed
-- include: sensors
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), site STRING, n BIGINT, hits SMALLINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, site, COUNT(*), MAX(hits)
FROM TABLE(CUMULATE(TABLE sensors, DESCRIPTOR(ts), INTERVAL '3' SECOND, INTERVAL '12' SECOND)) GROUP BY window_start, window_end, site;
