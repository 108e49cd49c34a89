-- rule: 2.1 Queries
-- about: NEXMark 14: calculation, with CASE over the hour
-- include: bids
CREATE TABLE sink (auction BIGINT, bidder BIGINT, price DECIMAL(23, 3), bid_time STRING, ts TIMESTAMP(3), extra STRING) WITH (${sink:sink});
INSERT INTO sink SELECT auction, bidder, 0.908 * price,
  CASE WHEN HOUR(ts) >= 8 AND HOUR(ts) <= 18 THEN 'dayTime' WHEN HOUR(ts) <= 6 OR HOUR(ts) >= 20 THEN 'nightTime' ELSE 'otherTime' END, ts, extra
FROM bids WHERE 0.908 * price > 1000 AND 0.908 * price < 50000000;
