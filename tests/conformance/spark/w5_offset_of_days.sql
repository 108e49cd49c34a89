-- include: days
SELECT window.start, window.end, k, COUNT(*) FROM days GROUP BY window(ts, '7 days', '7 days', '4 days'), k;
