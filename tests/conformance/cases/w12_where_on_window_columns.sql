-- rule: W12
-- about: WHERE and expressions over window columns
-- include: bids
CREATE TABLE sink (at_hour STRING, ws TIMESTAMP(3), length_ms BOOLEAN, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT DATE_FORMAT(window_start, 'HH:mm:ss'), window_start, window_end = window_start + INTERVAL '10' SECOND, COUNT(*)
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND))
WHERE window_start >= TIMESTAMP '2026-03-01 12:00:00' AND window_end < TIMESTAMP '2026-03-01 12:02:00'
GROUP BY window_start, window_end;
