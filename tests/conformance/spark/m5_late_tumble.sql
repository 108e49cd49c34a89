-- include: late
SELECT window.start, k, COUNT(*), CAST(SUM(v) AS INT) FROM late GROUP BY window(ts, '10 seconds'), k;
