-- rule: 1.3 agg FILTER, 1.3 COUNT(DISTINCT x)
-- about: distinct values under several filters, beside one without
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT, a BIGINT, b BIGINT, c BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(DISTINCT bidder), COUNT(DISTINCT bidder) FILTER (WHERE price > 1000),
  COUNT(DISTINCT bidder) FILTER (WHERE price <= 1000), COUNT(DISTINCT channel) FILTER (WHERE bidder < 1005)
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
