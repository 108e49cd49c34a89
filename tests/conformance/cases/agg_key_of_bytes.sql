-- rule: 1.3 NULL group key
-- about: BYTES as a key, and counted
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE raw_bytes (id INT, b BYTES, ts AS TO_TIMESTAMP_LTZ(id, 0), WATERMARK FOR ts AS ts)
WITH ('connector'='filesystem', 'path'='${data}/base64.csv', 'format'='csv', 'csv.ignore-parse-errors'='true');
CREATE TABLE sink (b BYTES, n BIGINT, c BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT b, COUNT(*), COUNT(b) FROM TABLE(TUMBLE(TABLE raw_bytes, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, b;
