-- include: extremes
SELECT window.start, CAST(SUM(t) AS TINYINT), CAST(SUM(s) AS SMALLINT), CAST(SUM(i) AS INT)
FROM (SELECT *, TIMESTAMP_NTZ '1970-01-01 00:00:00' + make_dt_interval(0, 0, 0, id) AS rt FROM extremes) GROUP BY window(rt, '10 seconds');
