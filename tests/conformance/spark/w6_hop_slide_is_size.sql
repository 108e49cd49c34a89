-- include: bids
SELECT window.start, window.end, COUNT(*) FROM bids GROUP BY window(ts, '20 seconds');
