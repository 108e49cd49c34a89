-- include: bids
SELECT window.start, COUNT(*) FILTER (WHERE price > 1000), SUM(price) FILTER (WHERE channel = 'Apple'),
  SUM(price) FILTER (WHERE channel <> 'Apple') DIV COUNT(price) FILTER (WHERE channel <> 'Apple'), MIN(price) FILTER (WHERE bidder > 1010 AND price > 10),
  MAX(price) FILTER (WHERE channel IS NULL), COUNT(channel) FILTER (WHERE price < 100)
FROM bids GROUP BY window(ts, '10 seconds');
