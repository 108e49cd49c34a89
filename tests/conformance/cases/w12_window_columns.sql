-- rule: W12
-- about: window_start, window_end, and window_time = end - 1 ms
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), wt TIMESTAMP(3), n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, window_time, COUNT(*)
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY window_start, window_end, window_time;
