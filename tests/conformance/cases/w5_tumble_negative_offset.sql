-- rule: W5
-- about: a negative offset, named arguments
-- include: bids
-- oracle: flink-batch
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), channel STRING, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, channel, COUNT(*)
FROM TABLE(TUMBLE(DATA => TABLE bids, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '1' MINUTE, `OFFSET` => INTERVAL '-20' SECOND))
GROUP BY window_start, window_end, channel;
