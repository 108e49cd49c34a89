-- rule: 1.3 COUNT(DISTINCT x)
-- about: distinct values of overlapping windows, keyed
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), channel STRING, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, channel, COUNT(DISTINCT bidder)
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '40' SECOND)) GROUP BY window_start, window_end, channel;
