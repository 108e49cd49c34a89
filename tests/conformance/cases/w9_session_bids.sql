-- rule: W9
-- about: sessions of bidders, all aggregates
-- include: bids
CREATE TABLE sink (
  ws TIMESTAMP(3), we TIMESTAMP(3), bidder BIGINT, n BIGINT, total BIGINT, low BIGINT, top BIGINT, mean BIGINT, channels BIGINT
) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, bidder, COUNT(*), SUM(price), MIN(price), MAX(price), AVG(price), COUNT(DISTINCT channel)
FROM TABLE(SESSION(TABLE bids PARTITION BY bidder, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, bidder;
