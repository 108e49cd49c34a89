-- rule: 2.1 Connectors
-- about: a window over generated rows, whose time is computed from a sequence
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE numbers (id BIGINT, v INT, ts AS TO_TIMESTAMP_LTZ(id * 100, 3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
WITH ('connector'='datagen', 'rows-per-second'='1000000', 'fields.id.kind'='sequence', 'fields.id.start'='1', 'fields.id.end'='12345', 'fields.v.kind'='sequence',
  'fields.v.start'='0', 'fields.v.end'='20000');
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT, s INT, lo BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*), SUM(v), MIN(id) FROM TABLE(TUMBLE(TABLE numbers, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
