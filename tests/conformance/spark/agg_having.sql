-- include: bids
SELECT window.start, bidder, COUNT(*) FROM bids GROUP BY window(ts, '30 seconds'), bidder HAVING COUNT(*) > 5 AND SUM(price) > 100000;
