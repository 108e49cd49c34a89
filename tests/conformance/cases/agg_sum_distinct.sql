-- rule: 1.3 COUNT(DISTINCT x), 1.3 agg FILTER
-- about: SUM, AVG, MIN and MAX of distinct values
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), channel STRING, s BIGINT, a BIGINT, low BIGINT, top BIGINT, few BIGINT, exact DECIMAL(38, 2)) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, channel, SUM(DISTINCT bidder), AVG(DISTINCT bidder), MIN(DISTINCT bidder), MAX(DISTINCT bidder),
  SUM(DISTINCT bidder) FILTER (WHERE price > 10000), SUM(DISTINCT CAST(bidder AS DECIMAL(10, 2)))
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, channel;
