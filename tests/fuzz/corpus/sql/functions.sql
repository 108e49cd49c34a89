SET 'table.local-time-zone' = 'GMT+05:30';
CREATE TABLE t (s STRING, n INT, b BIGINT, d DOUBLE, x AS CAST(s AS DECIMAL(10, 2)), dt DATE, ts TIMESTAMP(3), l TIMESTAMP_LTZ(3))
WITH ('connector' = 'udp', 'port' = '5000', 'format' = 'csv');
EXPLAIN SELECT x + 1.5, x * x / 3 % 2, -x, ROUND(x, -1), CEIL(x), ABS(d), 12345678901234567890.0, x BETWEEN SYMMETRIC 1 AND 0.5,
  CASE n WHEN 1 THEN 'one' ELSE s END, CASE WHEN n > 1 THEN 1 ELSE 2.5 END, IF(n > 0, b, n), NULLIF(s, 'a'), COALESCE(x, 1),
  s LIKE 'a!%%' ESCAPE '!', s NOT LIKE s, UPPER(s) || LOWER(s), TRIM(LEADING 'x' FROM s), TRIM(s), SUBSTRING(s FROM 2 FOR 3),
  CONCAT(s, 'x'), CONCAT_WS(',', s, s), SPLIT_INDEX(s, 44, 1), CHAR_LENGTH(s), dt = '2024-01-31', ts < l,
  ts + INTERVAL '1-6' YEAR TO MONTH, dt - INTERVAL '36' HOUR, EXTRACT(DOY FROM l), YEAR(dt), FLOOR(l TO DAY), CEIL(ts TO MILLENNIUM),
  TO_TIMESTAMP(s, 'yyyy-MM-dd''T''HH:mm'), TO_DATE(s, 'd.M.yy'), DATE_FORMAT(l, 'EEEE, d MMM uuuu h:mm a'), FROM_UNIXTIME(b),
  UNIX_TIMESTAMP(s, 'yyyyMMdd'), CURRENT_TIMESTAMP > l, CAST(l AS STRING), CAST(s AS TIMESTAMP_LTZ(3)), CAST(d AS STRING),
  CAST(CAST(s AS BYTES) AS VARCHAR(3)), x IS DISTINCT FROM 1, (n > 1) IS NOT TRUE, n IN (1, 2.5, 1E0) FROM t;
