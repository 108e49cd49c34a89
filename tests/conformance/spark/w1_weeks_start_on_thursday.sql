-- include: days
SELECT window.start, window.end, k, COUNT(*) FROM days GROUP BY window(ts, '7 days'), k;
