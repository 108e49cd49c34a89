-- include: bids
SELECT window.start, window.end, COUNT(*), MAX(price) FROM bids GROUP BY window(ts, '30 seconds', '10 seconds', '4 seconds');
