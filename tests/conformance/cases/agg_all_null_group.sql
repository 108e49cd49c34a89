-- rule: 1.3 all-NULL group
-- about: SUM, AVG, MIN, MAX are NULL, COUNT is 0
-- include: extremes_timed
CREATE TABLE sink (
  ws TIMESTAMP(3), n BIGINT, c BIGINT, s INT, m INT, lo INT, hi INT, cd BIGINT, sd DECIMAL(38, 2), av DECIMAL(38, 6), v STRING
) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*), COUNT(i), SUM(i), AVG(i), MIN(i), MAX(i), COUNT(DISTINCT i), SUM(p), AVG(p), MAX(v)
FROM TABLE(TUMBLE(TABLE extremes, DESCRIPTOR(rt), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;
