-- rule: 2.1 Queries
-- about: subqueries in FROM, two deep, over a window query
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), bidder BIGINT, mean BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT s, bidder, total / n FROM (
  SELECT window_start AS s, bidder, SUM(price) AS total, COUNT(*) AS n
  FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY window_start, window_end, bidder
) AS q WHERE n > 2 AND total < 1000000;
