-- rule: W4
-- about: the same for the text of a TIMESTAMP(3) column
CREATE TABLE micros (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector'='filesystem', 'path'='${data}/micros.csv', 'format'='csv');
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT, first_ts TIMESTAMP(3), last_ts TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*), MIN(ts), MAX(ts)
FROM TABLE(TUMBLE(TABLE micros, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
