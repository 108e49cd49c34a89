-- rule: 1.3 COUNT(DISTINCT x)
-- about: BYTES cannot be counted once each
-- fails: no DISTINCT of BYTES
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE raw_bytes (id INT, b BYTES, ts AS TO_TIMESTAMP_LTZ(id, 0), WATERMARK FOR ts AS ts)
WITH ('connector'='filesystem', 'path'='${data}/base64.csv', 'format'='csv', 'csv.ignore-parse-errors'='true');
CREATE TABLE sink (c BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT COUNT(DISTINCT b) FROM TABLE(TUMBLE(TABLE raw_bytes, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
