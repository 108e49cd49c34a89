-- include: extremes
SELECT window.start, MIN(t), MAX(t), MIN(s), MAX(s), MIN(i), MAX(i), MIN(b), MAX(b), MIN(f), MAX(f), MIN(d), MAX(d), MIN(p), MAX(p), MIN(q), MAX(q)
FROM (SELECT *, TIMESTAMP_NTZ '1970-01-01 00:00:00' + make_dt_interval(0, 0, 0, id) AS rt FROM extremes) GROUP BY window(rt, '10 seconds');
