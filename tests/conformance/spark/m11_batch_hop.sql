-- include: late
SELECT window.start, window.end, k, COUNT(*), CAST(SUM(v) AS INT) FROM late GROUP BY window(ts, '20 seconds', '5 seconds'), k;
