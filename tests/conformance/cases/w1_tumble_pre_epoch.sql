-- rule: W1, M1
-- about: windows before 1970 start at the floor; the watermark starts at 0, so no row before the epoch is late
CREATE TABLE epoch (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector'='filesystem', 'path'='${data}/epoch.csv', 'format'='csv');
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, COUNT(*), SUM(v)
FROM TABLE(TUMBLE(TABLE epoch, DESCRIPTOR(ts), INTERVAL '7' SECOND)) GROUP BY window_start, window_end;
