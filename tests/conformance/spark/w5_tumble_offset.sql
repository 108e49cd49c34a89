-- include: bids
SELECT window.start, window.end, COUNT(*), SUM(price) FROM bids GROUP BY window(ts, '10 seconds', '10 seconds', '3 seconds');
