-- rule: 2.1 HAVING
-- about: HAVING over aggregates that are not selected
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), bidder BIGINT, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, bidder, COUNT(*)
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY window_start, window_end, bidder
HAVING COUNT(*) > 5 AND SUM(price) > 100000;
