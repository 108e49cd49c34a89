-- rule: 1.3 MIN/MAX
-- about: every number type, NULL ignored
-- include: extremes_timed
CREATE TABLE sink (
  ws TIMESTAMP(3), t1 TINYINT, t2 TINYINT, s1 SMALLINT, s2 SMALLINT, i1 INT, i2 INT, b1 BIGINT, b2 BIGINT, f1 FLOAT, f2 FLOAT, d1 DOUBLE, d2 DOUBLE, p1 DECIMAL(10, 2), p2 DECIMAL(10, 2), q1 DECIMAL(38, 18), q2 DECIMAL(38, 18)
) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, MIN(t), MAX(t), MIN(s), MAX(s), MIN(i), MAX(i), MIN(b), MAX(b), MIN(f), MAX(f), MIN(d), MAX(d),
  MIN(p), MAX(p), MIN(q), MAX(q)
FROM TABLE(TUMBLE(TABLE extremes, DESCRIPTOR(rt), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
