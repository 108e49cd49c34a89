-- rule: 1.3 SUM(TINYINT/SMALLINT/INT)
-- about: the sum has the type of its input and wraps at that width
-- include: extremes_timed
CREATE TABLE sink (ws TIMESTAMP(3), t TINYINT, s SMALLINT, i INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, SUM(t), SUM(s), SUM(i)
FROM TABLE(TUMBLE(TABLE extremes, DESCRIPTOR(rt), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
