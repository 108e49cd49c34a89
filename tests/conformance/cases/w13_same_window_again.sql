-- rule: W13
-- about: a second GROUP BY over the same window columns, without another window function
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), bidders BIGINT, most BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, COUNT(*), MAX(n)
FROM (SELECT window_start, window_end, bidder, COUNT(*) AS n
  FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND)) GROUP BY window_start, window_end, bidder)
GROUP BY window_start, window_end;
