-- rule: 1.3 agg FILTER
-- about: each aggregate with a filter of its own; an unknown condition counts as false
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT, s BIGINT, m BIGINT, lo BIGINT, hi BIGINT, c BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*) FILTER (WHERE price > 1000), SUM(price) FILTER (WHERE channel = 'Apple'),
  AVG(price) FILTER (WHERE channel <> 'Apple'), MIN(price) FILTER (WHERE bidder > 1010 AND price > 10),
  MAX(price) FILTER (WHERE channel IS NULL), COUNT(channel) FILTER (WHERE price < 100)
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
