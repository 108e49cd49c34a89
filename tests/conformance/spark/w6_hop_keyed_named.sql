-- include: bids
SELECT window.start, bidder, COUNT(*), SUM(price) FROM bids GROUP BY window(ts, '30 seconds', '15 seconds'), bidder;
