-- include: late
WITH placed AS (
  SELECT w.start AS s, ends.e AS e, k, v FROM (SELECT window(ts, '20 seconds') AS w, ts, k, v FROM late)
  LATERAL VIEW explode(filter(sequence(w.start + INTERVAL 5 SECOND, w.end, INTERVAL 5 SECOND), x -> x > ts)) ends AS e)
SELECT s, e, k, COUNT(*), CAST(SUM(v) AS INT) FROM placed GROUP BY s, e, k;
