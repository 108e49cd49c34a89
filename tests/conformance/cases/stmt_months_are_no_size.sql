-- rule: 2.1 Flink refuses
-- about: months are no size of a window
-- fails: months are no size of a window
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' MONTH)) GROUP BY window_start, window_end;
