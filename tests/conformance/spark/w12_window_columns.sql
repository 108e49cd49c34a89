-- include: bids
SELECT window.start, window.end, window.end - INTERVAL 0.001 SECOND, COUNT(*) FROM bids GROUP BY window(ts, '30 seconds');
