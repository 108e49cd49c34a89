-- include: visits
SELECT session_window.start, session_window.end, k, COUNT(*), CAST(SUM(v) AS INT) FROM visits GROUP BY session_window(ts, '10 seconds'), k;
