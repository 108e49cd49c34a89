-- rule: W5, W6
-- about: sliding windows with an offset
-- include: bids
-- oracle: flink-batch
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT, top BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, COUNT(*), MAX(price)
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND, INTERVAL '4' SECOND)) GROUP BY window_start, window_end;
