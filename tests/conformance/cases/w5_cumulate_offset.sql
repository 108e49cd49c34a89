-- rule: W5, W7
-- about: cumulating windows with an offset
-- include: bids
-- oracle: flink-batch
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT, top BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, COUNT(*), MAX(price)
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(ts), INTERVAL '15' SECOND, INTERVAL '1' MINUTE, INTERVAL '7' SECOND)) GROUP BY window_start, window_end;
