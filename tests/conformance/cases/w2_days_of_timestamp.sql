-- rule: W2
-- about: TIMESTAMP is a wall clock: days do not move with the session's zone
-- include: days
SET 'table.local-time-zone' = 'GMT+05:30';
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, COUNT(*), SUM(v)
FROM TABLE(TUMBLE(TABLE days, DESCRIPTOR(ts), INTERVAL '1' DAY)) GROUP BY window_start, window_end;
