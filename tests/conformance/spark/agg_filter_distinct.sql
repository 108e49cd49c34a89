-- include: bids
SELECT window.start, COUNT(DISTINCT bidder), COUNT(DISTINCT bidder) FILTER (WHERE price > 1000), COUNT(DISTINCT bidder) FILTER (WHERE price <= 1000),
  COUNT(DISTINCT channel) FILTER (WHERE bidder < 1005)
FROM bids GROUP BY window(ts, '10 seconds');
