-- rule: 2.1 GROUP BY
-- about: keys that are expressions, and arithmetic over aggregates
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), band BIGINT, named BOOLEAN, n BIGINT, spread BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, bidder / 10, channel IS NOT NULL, COUNT(*), MAX(price) - MIN(price)
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY window_start, window_end, bidder / 10, channel IS NOT NULL;
