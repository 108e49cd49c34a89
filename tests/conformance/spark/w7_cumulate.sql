-- include: bids
WITH placed AS (
  SELECT w.start AS s, ends.e AS e, auction, price
  FROM (SELECT window(ts, '1 minute') AS w, ts, auction, price FROM bids WHERE auction > 1020)
  LATERAL VIEW explode(filter(sequence(w.start + INTERVAL 20 SECOND, w.end, INTERVAL 20 SECOND), x -> x > ts)) ends AS e)
SELECT s, e, auction, COUNT(*), SUM(price) FROM placed GROUP BY s, e, auction;
