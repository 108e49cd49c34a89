-- include: odd
SELECT window.start, MIN(f), MAX(f), MIN(d), MAX(d)
FROM (SELECT *, TIMESTAMP_NTZ '1970-01-01 00:00:00' + make_dt_interval(0, 0, 0, id) AS rt FROM odd) GROUP BY window(rt, '10 seconds');
